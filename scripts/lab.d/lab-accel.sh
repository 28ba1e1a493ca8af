# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# KVM where a guest really boots under it. A device that opens proves
# nothing: on some machines a guest stops in its firmware. And what TCG needs
# where there is no KVM.

readonly ACCEL_LIMIT_S=10

accel_boots() {
    local image=$1
    timeout -k 1 "$ACCEL_LIMIT_S" qemu-system-x86_64 \
        -machine q35,accel=kvm -cpu qemu64 -m 256 -nodefaults -no-reboot \
        -display none -serial stdio -monitor none \
        -kernel "$image/vmlinuz" -initrd "$image/initrd" \
        -append 'console=ttyS0 quiet cryptomgr.notests panic=-1 lab.probe' \
        </dev/null 2>/dev/null 9>&- | grep -q lab-probe-ok
}

# Prints kvm or qemu, as libvirt calls the domain types. The answer is kept
# until the machine boots again or has another QEMU or guest kernel.
accel_type() {
    local image=$1 cache=$2 key type=qemu
    key=$(
        cat /proc/sys/kernel/random/boot_id
        stat -Lc %Y "$(command -v qemu-system-x86_64)"
        stat -Lc %Y "$image/vmlinuz"
    )
    key=$(sha256sum <<<"$key" | cut -c 1-16)
    if [[ -s $cache/accel-$key ]]; then
        cat "$cache/accel-$key"
        return
    fi
    if [[ -w /dev/kvm ]] && accel_boots "$image"; then
        type=kvm
    fi
    rm -f "$cache"/accel-*
    echo "$type" >"$cache/accel-$key"
    echo "$type"
}

# Makes what the QEMUs of emulated guests preload; tcg-dirty.c says why.
accel_mend_tcg() {
    local library=$LAB_DIR/guest/tcg-dirty.so
    if [[ $library -nt $LAB_LIB/tcg-dirty.c ]]; then
        return
    fi
    gcc -O2 -shared -fPIC -std=gnu11 -Wall -Wextra -o "$library.new" \
        "$LAB_LIB/tcg-dirty.c"
    mv "$library.new" "$library"
}

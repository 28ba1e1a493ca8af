# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The files a host is born with, and the one that tells others of the lab.

config_libvirtd() {
    local k=$1
    cat <<END
listen_tls = 0
listen_tcp = 1
listen_addr = "$LAB_NET.$k"
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
host_uuid = "$(<"$LAB_DIR/host$k/uuid")"
log_outputs = "3:file:/var/log/libvirt/libvirtd.log"
END
}

# Guests are root's and are not confined further: they end with the lab.
config_qemu() {
    local host=$1
    cat <<END
stdio_handler = "file"
security_driver = "none"
namespaces = []
remember_owner = 0
user = "root"
group = "root"
END
    [[ -s $LAB_DIR/$host/cgroups ]] || echo 'cgroup_controllers = []'
}

config_pool() {
    cat <<END
<pool type='dir'>
  <name>default</name>
  <uuid>$(</proc/sys/kernel/random/uuid)</uuid>
  <target><path>/var/lib/libvirt/images</path></target>
</pool>
END
}

# A host that comes back keeps its identity, pool and definitions.
config_host() {
    local k=$1 dir=$LAB_DIR/host$1
    mkdir -p "$dir"/{run,lib/images,cache,etc/storage/autostart,log/qemu}
    [[ -s $dir/uuid ]] || cat /proc/sys/kernel/random/uuid >"$dir/uuid"
    config_libvirtd "$k" >"$dir/etc/libvirtd.conf"
    config_qemu "host$k" >"$dir/etc/qemu.conf"
    if [[ ! -s $dir/etc/storage/default.xml ]]; then
        config_pool >"$dir/etc/storage/default.xml"
        ln -sf ../default.xml "$dir/etc/storage/autostart/default.xml"
    fi
}

config_names() {
    local k
    echo "127.0.0.1 localhost"
    for ((k = 1; k <= LAB_MAX_HOSTS; k++)); do
        echo "$LAB_NET.$k host$k"
    done
}

# A shell can read this; the names are those of docs/lab.md.
config_env() {
    local type=$1 host uris=()
    for host in "${@:2}"; do
        uris+=("$(host_uri "$host")")
    done
    printf '%s=%q\n' \
        dir "$LAB_DIR" type "$type" hosts "${*:2}" uris "${uris[*]}" \
        shared "$LAB_DIR/shared" images /var/lib/libvirt/images \
        kernel /var/lib/vmctl-lab/vmlinuz initrd /var/lib/vmctl-lab/initrd \
        >"$LAB_DIR/.lab.env"
    for host in "${@:2}"; do
        printf '%s=%q\n' "uri_$host" "$(host_uri "$host")" \
            "tcp_$host" "qemu+tcp://$host/system" "dir_$host" "$LAB_DIR/$host"
    done >>"$LAB_DIR/.lab.env"
    mv "$LAB_DIR/.lab.env" "$LAB_DIR/lab.env"
}

# Where images are kept when the lab is down.
config_cache_dir() {
    local dir=${XDG_CACHE_HOME:-/var/cache}/vmctl-lab
    if ! mkdir -p "$dir" 2>/dev/null || [[ ! -w $dir ]]; then
        dir=$LAB_DIR/cache
        mkdir -p "$dir"
    fi
    echo "$dir"
}

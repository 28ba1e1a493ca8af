# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion of vmctl. It knows nothing itself: vmctl is asked.

function __vmctl_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    for line in (command $words[1] complete -- $words[2..] "$word" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (string replace -r '^--[^=]*=' '' -- "$word")
        else
            echo $line
        end
    end
end

complete -c vmctl -f -a '(__vmctl_complete)'

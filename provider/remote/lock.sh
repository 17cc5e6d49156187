# One writer a host at a time. The lock is a link whose text says who holds it (pid:start:boot), so taking it is one
# atomic step, and a lock whose holder is dead (kill -9, a reboot) is taken over instead of waited for.
S=/var/lib/numerian
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

# The time a process was started, in ticks since boot: a pid that came back isn't the same process.
started() {
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    line=${line##*) }
    # shellcheck disable=SC2086
    set -- $line
    printf %s "${20}"
}

boot=$({ read -r id </proc/sys/kernel/random/boot_id && printf %s "$id"; } 2>/dev/null)
me=$$:$(started $$):$boot

alive() {
    pid=${1%%:*}
    rest=${1#*:}
    [ "${rest#*:}" = "$boot" ] && [ "$(started "$pid")" = "${rest%%:*}" ]
}

# Only one of those who see a dead holder may replace it: the one who makes the link named after that holder.
take_over() {
    ln -sn "$me" "$S/lock.of.$1" 2>/dev/null || {
        other=$(readlink "$S/lock.of.$1") && ! alive "$other" && rm -f "$S/lock.of.$1"
        return 1
    }
    taken=1
    if [ "$(readlink "$S/lock")" = "$1" ]; then
        ln -sn "$me" "$S/lock.new.$$" && mv -T "$S/lock.new.$$" "$S/lock" && taken=0
    fi
    rm -f "$S/lock.of.$1"
    return $taken
}

lock() {
    left=$(($1 * 5))
    until why=$(ln -sn "$me" "$S/lock" 2>&1); do
        # No link at all: let go of just now, or none can be made (a full disk), which the limit ends.
        if held=$(readlink "$S/lock") && ! alive "$held"; then
            take_over "$held" && return 0
        fi
        [ "$left" -gt 0 ] || return 1
        left=$((left - 1))
        sleep 0.2 2>/dev/null || sleep 1
    done
}

unlock() {
    [ "$(readlink "$S/lock" 2>/dev/null)" != "$me" ] || rm -f "$S/lock"
}

# Run a command with the words of a list, each ended by NUL: words are data, no shell reads them. The list comes through
# a pipe, because children of BusyBox's xargs wind a file back when they end, and it would never come to its end.
over() {
    list=$1
    shift
    # shellcheck disable=SC2002
    [ ! -s "$list" ] || cat "$list" | xargs -0 -r "$@"
}

# Run the command that a list is.
argv() {
    over "$1" sh -c 'exec "$@"' sh
}

# Point `current` of a service's root at a generation, in one rename.
swap() {
    ln -sfn "generations/$2" "$1/current.new" && mv -T "$1/current.new" "$1/current" && settle "$1"
}

# Force files, or their whole file systems, to the disk. A `sync` that takes files fails when the disk refuses; an old one
# takes none and can't fail.
flush='sync --' flush_all='sync -f --'
case $(sync --help 2>&1) in
*FILE*) ;;
*) flush='sh -c sync' flush_all=$flush ;;
esac

settle() {
    # shellcheck disable=SC2086
    $flush "$@"
}

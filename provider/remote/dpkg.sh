# Say who holds the locks of Debian's package tools: `<pid> <file> <program>` a line. Changes nothing.
LC_ALL=C
export LC_ALL
pids=$(sed -n 's/^[0-9]*: POSIX *ADVISORY *WRITE \([0-9]*\) .*/\1/p' /proc/locks | sort -un)
for file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
    for pid in $pids; do
        for fd in /proc/"$pid"/fd/*; do
            [ "$(readlink "$fd")" = "$file" ] || continue
            printf '%s %s %s\n' "$pid" "$file" "$(cat "/proc/$pid/comm")"
        done
    done
done 2>/dev/null
exit 0

# Runs on when an apply is over: a daemon that dies within seconds of a reload gets its old generation back.
# Arguments: service, root, old generation, new generation, seconds.
name=$1 root=$2 from=$3 to=$4 seconds=$5
home=$S/services/$name/watch-$to
current() { [ "$(readlink "$root/current")" = "generations/$to" ] && [ -d "$home" ]; }

passed=0
while [ "$passed" -lt "$seconds" ]; do
    sleep 1
    passed=$((passed + 1))
    current || exit 0
    argv "$home/running" >/dev/null 2>&1 && continue
    lock 120 || exit 1
    trap unlock EXIT
    current || exit 0
    after="generation $to died $passed s after its reload"
    if [ -n "$from" ] && [ -d "$root/generations/$from" ]; then
        swap "$root" "$from"
        (cd "$root" && argv "$home/reload-old") >"$home/out" 2>&1
        after="$after; generation $from is back"
    fi
    printf '%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$name" "$after" >"$S/notes/$name"
    rm -rf "$home"
    exit 0
done
rm -rf "$home"

# Runs on when an apply is over: a daemon that dies within seconds of a reload gets its old generation back.
# With `confirm` in its folder it makes the swap and the reload as well, and puts the old generation back unless a new
# connection has taken that file away in time: the reload may have locked everybody out.
# Arguments: service, root, old generation, new generation, seconds.
name=$1 root=$2 from=$3 to=$4 seconds=$5
home=$S/services/$name/watch-$to
LONGEST_RELOAD=60

current() { [ "$(readlink "$root/current")" = "generations/$to" ] && [ -d "$home" ]; }
hold() {
    [ "$(readlink "$S/lock")" = "$me" ] || lock 120 || exit 1
    trap unlock EXIT
}
bounded() { (cd "$root" && over "$1" timeout $LONGEST_RELOAD) >"$home/out" 2>&1; }
said() { tail -n 3 "$home/out" | tr '\t\n' '  '; }

put_back() {
    hold
    current || exit 0
    after="generation $to $1"
    if [ -n "$from" ] && [ -d "$root/generations/$from" ]; then
        swap "$root" "$from"
        after="$after; generation $from is back"
        bounded "$home/reload-old" || after="$after, but its reload failed: $(said)"
    fi
    printf '%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$name" "$after" >"$S/notes/$name"
    rm -rf "$home" "$S/services/$name/pending"
    exit 0
}

begin() {
    printf '%s\n' "$me" >"$home/holder"
    hold
    # Somebody else may have gone on meanwhile: then there is nothing to try any more.
    if [ "$(readlink "$root/current")" != "generations/$from" ] || ! swap "$root" "$to"; then
        rm -rf "$home"
        exit 1
    fi
    bounded "$home/reload" || put_back "couldn't be reloaded: $(said)"
    rm -f "$S/services/$name/pending"
    : >"$home/reloaded"
    trap - EXIT
    unlock
}
[ ! -e "$home/confirm" ] || begin

# One that died stays dead: a second look doesn't mistake a moment between two of its processes for it.
alive_still() { argv "$home/running" >/dev/null 2>&1 || { sleep 1 && argv "$home/running" >/dev/null 2>&1; }; }

passed=0
while [ "$passed" -lt "$seconds" ]; do
    sleep 1
    passed=$((passed + 1))
    current || exit 0
    alive_still || put_back "died $passed s after its reload"
done
[ ! -e "$home/confirm" ] || put_back "wasn't confirmed by a new connection within $seconds s of its reload"
rm -rf "$home"

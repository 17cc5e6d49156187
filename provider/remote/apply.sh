# Apply one batch. Arguments: blocks of this script, blocks of the manifest, `apply` or `try` (validate only), the
# number of resources, the number of files. On stdin: this script and the manifest (a tar), each padded to blocks of
# 4 KiB, then a tar of the contents, laid out as on the host. The manifest's lists end each word with NUL; every word is
# data. Answers one line a unit on stdout: `unit <n> <outcome> [<message in base64>]`.
# Exit: 0 answered, 75 the host changed since it was read, 73 somebody else holds the lock, 1 anything else (on stderr).
umask 077
manifest=$2
mode=$3
resources=$4
files=$5

say() { printf 'numerian: %s\n' "$1" >&2; }
encode() { tail -c 20000 "$1" | base64 | tr -d '\n'; }
answer() { printf 'unit %s %s\n' "$unit" "$*"; }

mkdir -p $S/ledger $S/services $S/archive $S/notes $S/pending $S/journal $S/incoming || exit 1
# A generation that waits for its confirmation is kept or put back before anything else is done.
unconfirmed() {
    for waits in $S/services/*/watch-*/confirm; do
        [ ! -e "$waits" ] || ! alive "$(cat "${waits%confirm}holder" 2>/dev/null)" || return 0
    done
    return 1
}
lock_when_settled() {
    while lock 120; do
        unconfirmed || return 0
        unlock
        sleep 1
    done
    return 1
}
lock_when_settled || {
    # shellcheck disable=SC2154
    held=$(readlink $S/lock) || { say "can't take the lock: $why"; exit 1; }
    say "the lock is held by process ${held%%:*}"
    exit 73
}
run=$S/incoming/$$
trap 'leave' EXIT
trap 'exit 1' HUP INT TERM

# What a run staged is listed before it is staged, and taken away when it is over, or by the next run if this one dies.
sweep() {
    for staged in $S/journal/*; do
        [ ! -e "$staged" ] || { over "$staged" rm -rf -- && rm -f "$staged"; }
    done
}
leave() {
    cd /
    sweep
    rm -rf "$run"
    unlock
}
sweep
rm -rf $S/incoming/*
mkdir "$run" || exit 1
cd "$run" || exit 1
dd bs=4096 count="$manifest" iflag=fullblock 2>/dev/null | tar -xf - || exit 1

# A service's folders and first, empty generation.
define() {
    root=$(cat "$1/root") home=$S/services/${1##*/}
    (umask 022 && mkdir -p "$root/generations") || return 1
    [ -L "$root/current" ] || {
        (umask 022 && mkdir -p "$root/generations/1") && swap "$root" 1 || return 1
    }
    mkdir -p "$home" && cp "$1/root" "$home/root.new" && cp "$1/definition" "$home/definition.new" &&
        mv -T "$home/root.new" "$home/root" && mv -T "$home/definition.new" "$home/definition"
}
for service in services/*; do
    [ ! -e "$service" ] || define "$service" || exit 1
done

unchanged() {
    [ ! -s expect ] || sha256sum -c expect >/dev/null 2>&1 || return 1
    over absent sh -c 'for p; do [ ! -e "$p" ] && [ ! -L "$p" ] || exit 1; done' sh || return 1
    for unit in u/*; do
        [ -s "$unit/root" ] || continue
        root=$(cat "$unit/root")
        now=$(readlink "$root/current" 2>/dev/null)
        [ "${now#generations/}" = "$(cat "$unit/from")" ] || return 1
    done
}
# Folders of a generation whose last file went.
tidy() {
    find "$1" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || :
}
unchanged || exit 75

cp journal "$S/journal/$$" || exit 1
for unit in u/*; do
    [ -s "$unit/to" ] || continue
    root=$(cat "$unit/root") from=$(cat "$unit/from") to=$(cat "$unit/to")
    new=$root/generations/$to
    rm -rf "$new"
    if [ -n "$from" ]; then
        cp -al "$root/generations/$from" "$new.new" || exit 1
    else
        (umask 022 && mkdir -p "$new.new") || exit 1
    fi
    (cd "$new.new" && over "$run/$unit/remove" rm -f --) || exit 1
done
tar -xpmf - --numeric-owner -C / || exit 1

# On the disk before anything points at it: file by file when they are few, else their whole file systems.
# shellcheck disable=SC2086,SC2154
over sync $flush && over syncfs $flush_all || exit 1
for unit in u/*; do
    [ ! -e "$unit/tidy" ] || tidy "$(cat "$unit/root")/generations/$(cat "$unit/to").new"
done

# Move files of a folder over those of the same name elsewhere.
publish() {
    set -- "$1"/* "$2"
    [ ! -e "$1" ] || mv -f -- "$@"
}

is_running() {
    [ -s "$u/running" ] && argv "$u/running" >/dev/null 2>&1
}

folders() {
    publish "$u/pre" $S/ledger || return 1
    for tree in "$u"/trees/*; do
        [ -e "$tree" ] || continue
        into=$(cat "$tree/into")
        over "$tree/list" sh -c 'd=$1 && shift && exec mv -n -- "$@" "$d/"' sh "$into" || return 1
    done
    over "$u/rights" -n 3 sh -c 'chown -h "$2" "$3" && chmod "$1" "$3"' sh || return 1
    in_folders_of_people stage
    # shellcheck disable=SC2086
    over "$u/bases" $flush_all || return 1
    in_folders_of_people put
}

# Work in a folder of people is done as its owner. One that can't be done (its owner took the right to write away) is
# told apart: `people <unit> <number> <message>`, and what was to be booked for it isn't.
in_folders_of_people() {
    for people in "$u"/people/*; do
        [ -e "$people/tar" ] || continue
        as "$(cat "$people/uid")" "$(cat "$people/gid")" sh -c "$(cat people.sh)" sh "$(cat "$people/base")" "$1" \
            <"$people/tar" >"$people/out" 2>&1 && continue
        printf 'people %s %s %s\n' "$unit" "${people##*/}" "$(encode "$people/out")" >>people
        rm -f "$people/tar"
        (cd "$u/led" 2>/dev/null && over "$run/$people/led" rm -f --)
    done
}

as() {
    uid=$1 gid=$2 how=$(cat switch)
    shift 2
    case $uid:$how in
    0:*) "$@" ;;
    *:setpriv) setpriv --reuid="$uid" --regid="$gid" --clear-groups -- "$@" ;;
    *:chroot) chroot --userspec="$uid:$gid" --groups= / "$@" ;;
    *) start-stop-daemon -S -q -p "$S/none" -c "$uid:$gid" -x /bin/sh -- -c 'exec "$@"' sh "$@" ;;
    esac
}

# Judge the new generation. What only takes files away from a daemon that doesn't run isn't judged: nobody reads it.
judge() {
    [ -s "$u/to" ] && [ -s "$u/validate" ] || return 0
    [ ! -e "$u/shrinks" ] || is_running || return 0
    (cd "$root" && argv "$run/$u/validate") >"$u/out" 2>&1
}

reload() {
    is_running || return 0
    reloads=$((reloads + 1))
    (cd "$root" && argv "$run/$u/reload") >"$1" 2>&1
}

go_back() {
    [ -n "$from" ] || { swap_out; return 0; }
    swap "$root" "$from" >"$u/back" 2>&1 && (cd "$root" && argv "$run/$u/reload-old") >"$u/back" 2>&1
}
swap_out() { rm -f "$root/current"; }

prune() {
    cd "$root/generations" || return 0
    # shellcheck disable=SC2046
    set -- $(find . -mindepth 1 -maxdepth 1 -name '[0-9]*' | sed 's|^\./||' | sort -rn)
    for old; do
        [ "$old" != "$to" ] && [ "$old" != "$from" ] && [ "$kept" -ge 5 ] && rm -rf "./$old"
        kept=$((kept + 1))
    done
    cd "$run" || exit 1
}

# A daemon may die a moment after a reload that went well: watch on when this run is over.
watch() {
    [ -s "$u/watch" ] && is_running || return 0
    home=$S/services/$name/watch-$to
    rm -rf "$S/services/$name"/watch-*
    mkdir "$home" && cp "$u/running" "$u/reload" "$u/reload-old" "$home" && cp watch.sh "$home/watch.sh" || return 1
    [ ! -e "$u/confirm" ] || : >"$home/confirm" || return 1
    detach=
    ! command -v setsid >/dev/null 2>&1 || detach=setsid
    $detach sh "$home/watch.sh" "$name" "$root" "$from" "$to" "$(cat "$u/watch")" </dev/null >/dev/null 2>&1 &
}

# This reload may cut off the connection that we are run by: the watch makes it when this run is over and the answer sent.
await_confirmation() {
    watch || return 1
    reloads=$((reloads + 1))
    patience=50
    until [ -s "$home/holder" ] || [ "$patience" = 0 ]; do
        patience=$((patience - 1))
        sleep 0.1 2>/dev/null || sleep 1
    done
    answer "unconfirmed $to $(cat "$u/watch")"
    kept=0
    prune
}

serve() {
    if [ -s "$u/to" ] && [ -e "$u/confirm" ] && is_running; then
        await_confirmation || return 1
        return 2
    fi
    if [ -s "$u/to" ]; then
        swap "$root" "$to" || return 1
    fi
    if ! reload "$u/out"; then
        : >"$u/back"
        again=0
        go_back || again=$?
        [ ! -s "$u/to" ] || { rm -rf "$root/generations/$to" && rm -f "$S/services/$name/pending"; }
        answer "reload $(encode "$u/out") $again $(encode "$u/back")"
        return 2
    fi
    rm -f "$S/services/$name/pending"
}

files_elsewhere() {
    over "$u/archive-folders" mkdir -p -m 700 || return 1
    over "$u/archive" -n 2 mv -T -- || return 1
    over "$u/renames" -n 2 mv -T -f -- || return 1
    over "$u/deletes" rm -f -- || return 1
    # shellcheck disable=SC2086
    over "$u/touched" $flush || return 1
}

book() {
    publish "$u/led" $S/ledger || return 1
    over "$u/gone" rm -f -- || return 1
    settle $S/ledger
}

commands() {
    for words in "$u"/run/*; do
        [ -e "$words" ] || continue
        if ! argv "$words" >"$u/out" 2>&1; then
            answer "run ${words##*/} $(encode "$u/out")"
            return 2
        fi
    done
    over "$u/owed" rm -f --
}

apply() {
    root='' name='' from='' to=''
    if [ -s "$u/root" ]; then
        root=$(cat "$u/root") name=$(cat "$u/name") from=$(cat "$u/from") to=$(cat "$u/to" 2>/dev/null)
    fi
    [ "$mode" = try ] || folders >"$u/out" 2>&1 || { answer "failed $(encode "$u/out")"; return 0; }
    [ ! -s "$u/to" ] || mv -T "$root/generations/$to.new" "$root/generations/$to" || return 1
    judged=0
    judge || judged=$?
    if [ "$judged" != 0 ]; then
        rm -rf "$root/generations/$to"
        kind=invalid
        # xargs says so of a command that a signal ended (out of memory?): then nobody has judged.
        [ "$judged" != 125 ] || { kind=failed && echo "the validator was killed: out of memory?" >>"$u/out"; }
        answer "$kind $(encode "$u/out")"
        return 0
    fi
    if [ "$mode" = try ]; then
        [ ! -s "$u/to" ] || rm -rf "$root/generations/$to"
        answer ok
        return 0
    fi
    [ ! -s "$u/root" ] || : >"$S/services/$name/pending" || return 1
    publish "$u/pending" $S/pending || return 1
    files_elsewhere >"$u/out" 2>&1 || { answer "failed $(encode "$u/out")"; return 0; }
    serve || { [ $? = 2 ] || answer "failed $(printf 'the swap failed' | base64)"; return 0; }
    book >"$u/out" 2>&1 || { answer "failed $(encode "$u/out")"; return 0; }
    commands || return 0
    answer ok
    [ ! -s "$u/to" ] || { kept=0 && prune && { watch || :; }; }
}

reloads=0
for u in u/*; do
    [ -e "$u" ] || continue
    unit=${u#u/}
    apply || exit 1
done
[ ! -e people ] || cat people
over notes rm -f --
kind="write"
[ "$mode" != try ] || kind="try"
printf '%s %s resources=%s files=%s reloads=%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$kind" "$resources" "$files" "$reloads" \
    >>$S/batches.log
exit 0

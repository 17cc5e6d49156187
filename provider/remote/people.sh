# Runs under the uid that owns the folder: make folders and seed files that aren't there, touch nothing that is.
# Argument: the folder. On stdin a tar: `folders` (pairs of mode and path), `seeds` (paths), `t/` (the seeds' contents).
# Whatever links its owner planted lead only where that owner may write anyway.
umask 022
cd "$1" || exit 1
tmp=.numerian-seeds
rm -rf "$tmp"
mkdir -m 700 "$tmp" && tar -xpmf - -C "$tmp" || { rm -rf "$tmp"; exit 1; }
# Through pipes: see `over` in lock.sh.
cat "$tmp/folders" | xargs -0 -r -n 2 sh -c '[ -d "$2" ] || mkdir -p -m "$1" -- "$2"' sh &&
    cat "$tmp/seeds" | xargs -0 -r sh -c '
        tmp=$1 && shift
        for seed; do
            { [ ! -e "$seed" ] && [ ! -L "$seed" ]; } || continue
            case $seed in */*) mkdir -p -- "${seed%/*}" || exit 1 ;; esac
            ln -T -- "$tmp/t/$seed" "$seed" || exit 1
        done' sh "$tmp"
result=$?
[ ! -d "$tmp/t" ] || find "$tmp/t" -type f -exec sync {} + 2>/dev/null || sync
rm -rf "$tmp"
exit $result

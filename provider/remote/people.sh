# Runs under the uid that owns the folder: make folders and seed files that aren't there, touch nothing that is.
# Arguments: the folder, `stage` or `put`. `stage` takes a tar on stdin: `folders` (pairs of mode and path), `seeds`
# (paths), `t/` (the seeds' contents). `put` comes after the contents were forced to the disk.
# Whatever links the folder's owner planted lead only where that owner may write anyway.
umask 022
cd "$1" || exit 1
tmp=.numerian-seeds
if [ "$2" = stage ]; then
    rm -rf "$tmp"
    mkdir -m 700 "$tmp" && tar -xpmf - -C "$tmp" && exit 0
    rm -rf "$tmp"
    exit 1
fi
# Lists go through pipes: see `over` in lock.sh.
cat "$tmp/folders" | xargs -0 -r -n 2 sh -c '[ -d "$2" ] || mkdir -p -m "$1" -- "$2"' sh &&
    cat "$tmp/seeds" | xargs -0 -r sh -c '
        tmp=$1 && shift
        for seed; do
            { [ ! -e "$seed" ] && [ ! -L "$seed" ]; } || continue
            case $seed in */*) mkdir -p -- "${seed%/*}" || exit 1 ;; esac
            ln -T -- "$tmp/t/$seed" "$seed" || exit 1
        done' sh "$tmp"
result=$?
rm -rf "$tmp"
exit $result

# Content of people on its way from one host to another. Whatever is read, written or taken away in a folder of people
# is done as the folder's owner, who alone can plant links there; root only makes, renames and marks in folders that are
# root's. GNU tools.
# Arguments: blocks of this script, the verb, its words.
#   look FOLDER STAGED       one line: what is marked (`moved` away from here, `moving` to here) or `staged`, free KB
#   list FOLDER UID GID      for each entry `type mode size mtime` NUL path NUL target of a link NUL
#   send FOLDER UID GID      a tar of the paths that come on stdin, each ended by NUL
#   receive FOLDER UID GID   unpack the tar that comes on stdin
#   drop FOLDER UID GID      take away the paths that come on stdin
#   stage STAGED UID GID     a folder to copy into, out of everybody's sight; one that is there is gone on with
#   scrap STAGED             take it away
#   place STAGED FOLDER MODE ARCHIVE   put it where it belongs; what lies there goes into the archive
#   switch FOLDER moved|moving on|off  set or lift a mark
#   quit UID                 end the user's processes, each after what it answers just now, within 10 s
S=/var/lib/numerian
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
umask 077
shift
verb=$1 folder=$2

mark() { printf '%s/%s/%s' "$S" "$1" "$(printf %s "$2" | tr / :)"; }

as_owner() {
    cd "$folder" || exit 1
    uid=$1 gid=$2
    shift 2
    [ "$uid" != 0 ] || { echo "$folder is root's, not people's" >&2; exit 1; }
    exec setpriv --reuid="$uid" --regid="$gid" --clear-groups --no-new-privs -- "$@"
}

# shellcheck disable=SC2016 # the inner shells'
case $verb in
look)
    for kind in moved moving; do
        [ ! -e "$(mark $kind "$folder")" ] || printf '%s ' $kind
    done
    [ ! -d "$3" ] || printf 'staged '
    df --output=avail -k "${3%/*}" | tail -n 1
    ;;
list)
    # Its owner may have taken the right to read from himself; he may always give it back.
    as_owner "$3" "$4" sh -c '
        find . -xdev \( -type d ! -perm -700 -exec chmod u+rwx {} \; \) \
            -o \( -type f ! -perm -400 -exec chmod u+r {} \; \)
        exec find . -xdev \( -type f -o -type d -o -type l \) -printf "%y %m %s %T@\0%p\0%l\0"'
    ;;
send)
    as_owner "$3" "$4" tar --create --file=- --format=posix --mode=ug-s --hard-dereference --ignore-failed-read \
        --no-recursion --null --files-from=-
    ;;
receive)
    as_owner "$3" "$4" tar --extract --file=- --preserve-permissions --no-same-owner --delay-directory-restore
    ;;
drop) as_owner "$3" "$4" xargs -0 -r rm -rf -- ;;
stage)
    [ ! -L "$folder" ] || exit 1
    [ -d "$folder" ] || { mkdir "$folder" && chown "$3:$4" "$folder"; } || exit 1
    ;;
scrap) rm -rf --one-file-system "$folder" ;;
place)
    staged=$folder folder=$3 mode=$4 archive=$5
    if [ -n "$(find "$folder" -mindepth 1 -print -quit)" ]; then
        mkdir -p -m 700 "${archive%/*}" && mv -T "$folder" "$archive" || exit 1
    fi
    mkdir -p $S/moving && chmod "$mode" "$staged" && sync -f "$staged" && : >"$(mark moving "$folder")" || exit 1
    mv -T "$staged" "$folder" && rm -f "$(mark moved "$folder")" && sync -f "$folder"
    ;;
switch)
    at=$(mark "$3" "$folder")
    case $4 in
    on) mkdir -p "$S/$3" && : >"$at" && sync "$at" "$S/$3" ;;
    off) rm -f "$at" ;;
    esac
    ;;
quit)
    [ "$folder" -ge 65536 ] || exit 0   # below are the system's users, and persons
    processes=$(grep -sE '^Uid:' /proc/[0-9]*/status | awk -F '[/:\t ]+' -v uid="$folder" '$6 == uid { print $3 }')
    # shellcheck disable=SC2086 # numbers, a word each
    [ -z "$processes" ] || kill -s QUIT $processes 2>/dev/null || :
    left=100
    for process in $processes; do
        while [ "$left" -gt 0 ] && kill -0 "$process" 2>/dev/null; do
            left=$((left - 1))
            sleep 0.1
        done
    done
    # shellcheck disable=SC2086
    [ "$left" -gt 0 ] || kill -s KILL $processes 2>/dev/null || :
    ;;
esac

# Say what is on this host. Arguments: blocks of this script, blocks of the list of paths, 1 to log the read, then
# words `s:<service>`, `u:<user>`, `g:<group>`. On stdin, each padded to blocks of 4 KiB with newlines: this script, the
# paths to look at, the paths to hash too. Nothing is written but a line in the log.
S=/var/lib/numerian
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
LOOK='%f %u %g %U %G %s %d %n'
paths=$2
log=$3
shift 3

printf '=paths\n'
dd bs=4096 count="$paths" iflag=fullblock 2>/dev/null | tr -s '\n' '\0' | xargs -0 stat -c "$LOOK" -- 2>/dev/null
printf '=hashes\n'
# find tells regular files from the rest first: a planted pipe would hold sha256sum for ever.
tr -s '\n' '\0' | xargs -0 sh -c '[ $# -eq 0 ] || exec find "$@" -maxdepth 0 -type f -exec sha256sum {} +' sh 2>/dev/null

printf '=ledger\n'
[ ! -d $S/ledger ] || find $S/ledger -type f -exec cat {} + 2>/dev/null
printf '=pending\n'
[ ! -d $S/pending ] || find $S/pending -type f -exec cat {} + 2>/dev/null
printf '=notes\n'
[ ! -d $S/notes ] || find $S/notes -type f -exec cat {} + 2>/dev/null
printf '=left\n'
[ ! -d $S/journal ] || find $S/journal $S/incoming -mindepth 1 -maxdepth 1 2>/dev/null
printf '=definitions\n'
[ ! -d $S/services ] || find $S/services -name definition -type f -exec cat {} + 2>/dev/null

switch=none
if setpriv --reuid=0 --regid=0 --clear-groups true 2>/dev/null; then
    switch=setpriv
elif chroot --userspec=0:0 --groups= / true 2>/dev/null; then
    switch=chroot
elif start-stop-daemon -S -q -p "$S/none" -c 0:0 -x /bin/true 2>/dev/null; then
    switch=start-stop-daemon
fi
printf '=switch\n%s\n=words\n' "$switch"

service() {
    printf '=service %s\n' "$1"
    { read -r root <"$S/services/$1/root"; } 2>/dev/null || return
    [ ! -e "$S/services/$1/pending" ] || printf 'pending\n'
    printf 'current %s\n' "$(readlink "$root/current" 2>/dev/null)"
    printf 'generations %s\n' "$(find "$root/generations" -mindepth 1 -maxdepth 1 2>/dev/null | tr '\n' ' ')"
    printf '=above %s\n' "$1"
    above=$root
    while [ -n "$above" ]; do
        stat -c "$LOOK" -- "$above" 2>/dev/null
        above=${above%/*}
    done
    stat -c "$LOOK" -- / "$root/generations" 2>/dev/null
    cd "$root/current/" 2>/dev/null || return
    printf '=files %s\n' "$1"
    find . ! -type d -exec stat -c "$LOOK" -- {} +
    printf '=sums %s\n' "$1"
    find . -type f -exec sha256sum {} +
}

group() {
    getent group "$1" 2>/dev/null || grep "^$1:" /etc/group
}

for word; do
    name=${word#*:}
    case $word in
    u:*) printf 'u %s %s\n' "$name" "$(id -u "$name" 2>/dev/null)" ;;
    g:*)
        entry=$(group "$name")
        entry=${entry#*:*:}
        printf 'g %s %s\n' "$name" "${entry%%:*}"
        ;;
    esac
done
for word; do
    case $word in s:*) service "${word#s:}" ;; esac
done
[ "$log" = 0 ] || printf '%s read resources=%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$log" 2>/dev/null >>$S/batches.log
printf '=end\n'

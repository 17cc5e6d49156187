# Say what the base of this host is. Arguments: blocks of this script, blocks of the list of words. On stdin the words,
# one a line: `p <package>`, `a <account>`, `i <uid>`, `u <unit>`, `s <kernel setting>`, `o strangers`, `o ports`.
# Changes nothing.
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH
words=$(dd bs=4096 count="$2" iflag=fullblock 2>/dev/null)
want() { printf '%s\n' "$words" | sed -n "s/^$1 //p"; }
asked() { case "
$words
" in *"
o $1
"*) return 0 ;; *) return 1 ;; esac }
encode() { base64 | tr -d '\n'; }

printf 'tools'
for tool in apt-get dpkg-query useradd systemctl setpriv; do
    ! command -v "$tool" >/dev/null 2>&1 || printf ' %s' "$tool"
done
printf '\nme %s\n' "${SUDO_USER:-$(id -un)}"
printf 'today %s\n' "$(($(date +%s) / 86400))"

packages=$(want p)
if [ -n "$packages" ]; then
    printf '%s\n' "$packages" | xargs -r dpkg-query -W -f 'package ${Package} ${db:Status-Status}\n' 2>/dev/null
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
        sed -n 's/^\(half-[a-z]*\|unpacked\|triggers-[a-z]*\) /unfinished /p'
    # A dpkg that was cut: apt does nothing before `dpkg --configure -a`.
    for file in /var/lib/dpkg/updates/[0-9]*; do [ ! -e "$file" ] || printf 'unfinished dpkg\n'; done
fi

# A person's keys are read under that person's uid: a link planted in the home leads nowhere else.
keys() {
    setpriv --reuid="$1" --regid="$2" --clear-groups -- cat "$3/.ssh/authorized_keys" 2>/dev/null | encode
}

want a | while read -r name; do
    getent passwd "$name" | while IFS=: read -r _ _ uid gid _ home shell; do
        expires=$(getent shadow "$name" | cut -d: -f8)
        groups=$(id -Gn "$name" | tr ' ' ',')
        printf 'account %s %s %s %s %s %s %s %s\n' "$name" "$uid" "$gid" "$(id -gn "$name")" "${groups:--}" \
            "${home:--}" "${shell:--}" "${expires:--}"
        printf 'keys %s %s\n' "$name" "$(keys "$uid" "$gid" "$home")"
    done
done
want i | while read -r uid; do
    getent passwd "$uid" | while IFS=: read -r name _; do printf 'uid %s %s\n' "$uid" "$name"; done
done
want u | while read -r unit; do
    printf 'unit %s %s\n' "$unit" "$(systemctl is-enabled "$unit" 2>/dev/null || :)"
done
want s | while read -r key; do
    file=/proc/sys/$(printf %s "$key" | tr ./ /.)
    [ ! -r "$file" ] || printf 'sysctl %s %s\n' "$key" "$(tr -s '\t\n' '  ' <"$file")"
done

if asked strangers; then
    getent passwd | sed 's/^/passwd /'
    getent shadow | cut -d: -f1,8 | sed 's/^/expires /'
    getent group | sed 's/^/group /'
    for file in /etc/sudoers /etc/sudoers.d/*; do
        [ ! -f "$file" ] || printf 'sudoers %s %s\n' "$(printf %s "$file" | encode)" "$(encode <"$file")"
    done
fi
! asked ports || ss -H -lntup 2>/dev/null | sed 's/^/listen /'
printf 'end\n'

# Say what became of a generation that waits for its confirmation, or (`confirm`) bring that. Arguments: blocks of this
# script, service, generation, `look` or `confirm`. Answers one word: `waiting` for its reload, `reloaded`, `confirmed`,
# or `back` and in base64 why.
name=$2 to=$3 what=$4
home=$S/services/$name/watch-$to
if [ "$what" = confirm ]; then
    lock 60 || exit 73
    trap unlock EXIT
fi
read -r root <"$S/services/$name/root" || exit 1
state() {
    if [ ! -e "$home/confirm" ]; then
        if [ "$(readlink "$root/current")" = "generations/$to" ]; then echo confirmed; else echo back; fi
    elif [ -e "$home/reloaded" ]; then
        echo reloaded
    elif alive "$(cat "$home/holder")"; then
        echo waiting
    else
        echo back
    fi
}
found=$(state)
if [ "$found:$what" = reloaded:confirm ]; then
    rm -f "$home/confirm" && settle "$home"
    found=confirmed
elif [ "$found" = back ] && [ -e "$S/notes/$name" ]; then
    # Told now, so the next run needn't.
    found="back $(cut -f 3 "$S/notes/$name" | base64 | tr -d '\n')"
    rm -f "$S/notes/$name"
fi
printf '%s\n' "$found"

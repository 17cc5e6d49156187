# Keep, of the images of service $1, the one in use and the last one beside it, so that going back builds nothing.
now=$(cat "/etc/numerian/images/$1")
docker image ls --format '{{.Tag}}' "numerian/$1" | grep -E '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' | grep -vx "$now" |
    sort -r | tail -n +2 | while read -r day; do
        # One that a container still runs on stays until the next roll.
        docker image rm "numerian/$1:$day" > /dev/null 2>&1 || true
    done
docker image prune --force --filter "label=numerian.image=$1" > /dev/null

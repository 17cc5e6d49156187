# A terminal that nobody uses ends after a quarter of an hour. What a person makes is the person's; what root installs is
# for all, so root's mask stays.
case $- in
*i*)
    readonly TMOUT=900
    export TMOUT
    ;;
esac
[ "$(id -u)" = 0 ] || umask 077

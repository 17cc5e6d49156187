# A terminal that nobody uses ends after a quarter of an hour; what a person makes is the person's.
case $- in
*i*)
    readonly TMOUT=900
    export TMOUT
    ;;
esac
umask 077

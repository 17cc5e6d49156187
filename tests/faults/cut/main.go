// Cut runs a command and makes one of its system calls fatal or failing: the N-th of the whole tree of processes.
//
//	cut --calls rename,link --at 7 --do kill --log FILE -- COMMAND...
//
// strace injects too, but counts for each process alone: a shell script whose every `mv` is a process of its own never
// comes to a second rename. Here the kernel hands each call to one supervisor (seccomp's user notifications), before it
// is done, so that they are counted in their order. The command takes this process's place; the supervisor stays behind
// it until the last process of the tree has ended.
//
// Only what Go's standard library has: it is built without a network, static, and copied to a server.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

const (
	setFilter    = 1      // SECCOMP_SET_MODE_FILTER
	newListener  = 1 << 3 // SECCOMP_FILTER_FLAG_NEW_LISTENER
	waitKillable = 1 << 5 // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: no call counts twice because a signal came
	notify       = 0x7fc0000 << 4
	allow        = 0x7fff0000
	prNoNewPrivs = 38
)

// options says which calls of whom are counted, and what becomes of the one that is meant.
type options struct {
	calls string
	who   string
	under string
	at    int
	after bool
	do    string
	count string
	log   string
}

func main() {
	if os.Getenv(supervising) != "" {
		supervise()
		return
	}
	var o options
	flag.StringVar(&o.calls, "calls", "rename,link,write", "kinds of calls that are counted")
	flag.StringVar(&o.who, "who", "", "only calls of processes whose command line matches this expression")
	flag.StringVar(&o.under, "under", "", "only calls about paths under one of these, with commas between")
	flag.IntVar(&o.at, "at", 0, "the call that is meant, from 1; 0 only counts")
	flag.BoolVar(&o.after, "after", false, "it and all that follow")
	flag.StringVar(&o.do, "do", "tree", "kill (the caller), tree (the command and all under it), or an error: ENOSPC, …")
	flag.StringVar(&o.count, "count", "", "a file that keeps the number from one run to the next")
	flag.StringVar(&o.log, "log", "", "a file for a line each call")
	flag.Parse()
	if flag.NArg() == 0 {
		fail("no command")
	}
	program, err := exec.LookPath(flag.Arg(0))
	check(err)
	if _, err := regexp.Compile(o.who); err != nil {
		fail(err.Error())
	}
	numbers := numbersOf(strings.Split(o.calls, ","))
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET, 0)
	check(err)
	startSupervisor(o, pair[1])
	syscall.Close(pair[1])
	syscall.CloseOnExec(pair[0])

	// From here on in one thread: the filter is this thread's, and the command takes its place.
	runtime.LockOSThread()
	listener, err := install(numbers)
	check(err)
	check(syscall.Sendmsg(pair[0], []byte("l"), syscall.UnixRights(listener), nil, 0))
	_, _, err = syscall.Recvfrom(pair[0], make([]byte, 1), 0)
	check(err)
	signal.Reset()
	check(syscall.Exec(program, flag.Args(), os.Environ()))
}

// startSupervisor runs this program again, detached: it must outlive the command for what the command leaves running.
func startSupervisor(o options, socket int) {
	self, err := os.Executable()
	check(err)
	words := []string{o.calls, o.who, o.under, fmt.Sprint(o.at), fmt.Sprint(o.after), o.do, o.count, o.log}
	process := &exec.Cmd{
		Path:        self,
		Args:        append([]string{self, fmt.Sprint(os.Getpid())}, words...),
		Env:         append(os.Environ(), supervising+"=1"),
		ExtraFiles:  []*os.File{os.NewFile(uintptr(socket), "socket")},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	check(process.Start())
}

// install puts the filter on this thread and returns the descriptor on which the calls arrive.
func install(numbers []uint32) (int, error) {
	program := []syscall.SockFilter{{Code: syscall.BPF_LD | syscall.BPF_W | syscall.BPF_ABS, K: 0}}
	for i, number := range numbers {
		left := uint8(len(numbers) - i)
		program = append(program, syscall.SockFilter{
			Code: syscall.BPF_JMP | syscall.BPF_JEQ | syscall.BPF_K, Jt: left, Jf: 0, K: number,
		})
	}
	program = append(program,
		syscall.SockFilter{Code: syscall.BPF_RET | syscall.BPF_K, K: allow},
		syscall.SockFilter{Code: syscall.BPF_RET | syscall.BPF_K, K: notify},
	)
	list := syscall.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if os.Geteuid() != 0 {
		syscall.RawSyscall6(syscall.SYS_PRCTL, prNoNewPrivs, 1, 0, 0, 0, 0)
	}
	for _, flags := range []uintptr{newListener | waitKillable, newListener} {
		fd, _, errno := syscall.RawSyscall(seccompNumber(), setFilter, flags, uintptr(unsafe.Pointer(&list)))
		if errno == 0 {
			return int(fd), nil
		} else if errno != syscall.EINVAL {
			return -1, errno
		}
	}
	return -1, syscall.EINVAL
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "cut: "+text)
	os.Exit(125)
}

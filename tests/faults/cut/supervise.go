package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

const (
	supervising  = "NUMERIAN_CUT_SUPERVISES"
	receive      = 0xc0502100 // SECCOMP_IOCTL_NOTIF_RECV
	send         = 0xc0182101 // SECCOMP_IOCTL_NOTIF_SEND
	goOn         = 1          // SECCOMP_USER_NOTIF_FLAG_CONTINUE
	pollIn       = 1
	longestWords = 4096
)

// notification is struct seccomp_notif, response struct seccomp_notif_resp.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type response struct {
	id    uint64
	value int64
	err   int32
	flags uint32
}

var errnos = map[string]syscall.Errno{
	"ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO, "EROFS": syscall.EROFS, "EDQUOT": syscall.EDQUOT,
	"EACCES": syscall.EACCES, "EMFILE": syscall.EMFILE,
}

type supervisor struct {
	options
	root    int
	whose   *regexp.Regexp
	folders []string
	n       int
}

// supervise answers the calls of a tree of processes until its last one has ended.
func supervise() {
	w := os.Args[2:]
	at, _ := strconv.Atoi(w[3])
	s := supervisor{options: options{w[0], w[1], w[2], at, w[4] == "true", w[5], w[6], w[7]}}
	s.root, _ = strconv.Atoi(os.Args[1])
	s.whose = regexp.MustCompile(s.who)
	if s.under != "" {
		s.folders = strings.Split(s.under, ",")
	}
	if text, err := os.ReadFile(s.count); err == nil {
		s.n, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	room := make([]byte, syscall.CmsgSpace(4))
	_, length, _, _, err := syscall.Recvmsg(3, make([]byte, 1), room, 0)
	check(err)
	messages, err := syscall.ParseSocketControlMessage(room[:length])
	check(err)
	fds, err := syscall.ParseUnixRights(&messages[0])
	check(err)
	check(syscall.Sendto(3, []byte("g"), 0, nil))
	syscall.Close(3)
	runtime.LockOSThread()
	for waitFor(fds[0]) {
		var n notification
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fds[0]), receive, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue
		}
		r := response{id: n.id, flags: goOn}
		if errno := s.judge(n); errno != 0 {
			r = response{id: n.id, err: -int32(errno)}
		}
		syscall.Syscall(syscall.SYS_IOCTL, uintptr(fds[0]), send, uintptr(unsafe.Pointer(&r)))
	}
}

// waitFor waits for a call; false when no process is left that could make one.
func waitFor(fd int) bool {
	set := struct {
		fd      int32
		events  int16
		revents int16
	}{int32(fd), pollIn, 0}
	for {
		_, _, errno := syscall.Syscall6(ppollNumber(), uintptr(unsafe.Pointer(&set)), 1, 0, 0, 0, 0)
		if errno == 0 {
			return set.revents&pollIn != 0
		} else if errno != syscall.EINTR {
			return false
		}
	}
}

func ppollNumber() uintptr {
	if runtime.GOARCH == "arm64" {
		return 73
	}
	return 271
}

// judge counts a call, and returns the error that it is to fail with, or 0. A process that is killed gets one too: it
// must not do the call in the moment before it dies.
func (s *supervisor) judge(n notification) syscall.Errno {
	c := byNumber(uint32(n.nr))
	process := fmt.Sprintf("/proc/%d", n.pid)
	if opensToRead(c, n.args) {
		return 0
	}
	paths := about(c, process, n.args)
	if !s.counts(process, paths) {
		return 0
	}
	s.n++
	meant := s.at > 0 && (s.n == s.at || (s.after && s.n > s.at))
	s.note(process, c.name, paths, meant)
	if !meant {
		return 0
	}
	switch s.do {
	case "kill":
		syscall.Kill(group(n.pid), syscall.SIGKILL)
	case "tree":
		killTree(s.root)
	default:
		return errnos[s.do]
	}
	return syscall.EINTR
}

func (s *supervisor) counts(process string, paths []string) bool {
	line, err := os.ReadFile(process + "/cmdline")
	if err != nil || !s.whose.Match(bytes.ReplaceAll(line, []byte{0}, []byte{' '})) {
		return false
	}
	for _, path := range paths {
		if strings.HasPrefix(path, "tcp:") {
			return true
		}
		// Other sockets, pipes, terminals and the like are no files that anybody finds again.
		if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/") {
			continue
		}
		if len(s.folders) == 0 {
			return true
		}
		for _, folder := range s.folders {
			if path == folder || strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/") {
				return true
			}
		}
	}
	return false
}

func (s *supervisor) note(process, name string, paths []string, meant bool) {
	if s.count != "" {
		os.WriteFile(s.count, []byte(strconv.Itoa(s.n)+"\n"), 0o644)
	}
	if s.log == "" {
		return
	}
	file, err := os.OpenFile(s.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer file.Close()
	struck := ""
	if meant {
		struck = s.do
	}
	comm, _ := os.ReadFile(process + "/comm")
	fmt.Fprintf(file, "%d\t%s\t%s\t%s\t%s\n", s.n, strings.TrimSpace(string(comm)), name, strings.Join(paths, " "), struck)
}

// group returns the process that a thread belongs to.
func group(thread uint32) int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	for _, line := range strings.Split(string(text), "\n") {
		if value, is := strings.CutPrefix(line, "Tgid:"); is {
			if id, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
				return id
			}
		}
	}
	return int(thread)
}

// killTree kills a process and all under it. Those under it are stopped first, so that none has another child
// meanwhile; not the first one, because sudo stops itself when its command does.
func killTree(root int) {
	signalAll(under(root), syscall.SIGSTOP)
	signalAll(append([]int{root}, under(root)...), syscall.SIGKILL)
}

func signalAll(pids []int, signal syscall.Signal) {
	for _, pid := range pids {
		if pid != os.Getpid() { // we are a child of the command that took our first process's place
			syscall.Kill(pid, signal)
		}
	}
}

func under(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		_, rest, _ := strings.Cut(string(text[max(0, bytes.LastIndexByte(text, ')')):]), " ")
		if fields := strings.Fields(rest); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	var found []int
	for open := children[root]; len(open) > 0; open = open[1:] {
		found = append(found, open[0])
		open = append(open, children[open[0]]...)
	}
	return found
}

func link(process, name string) string {
	text, err := os.Readlink(process + "/" + name)
	if err != nil {
		return ""
	}
	return text
}

// word reads a string that a call's argument points to.
func word(process string, address uint64) string {
	memory, err := os.Open(process + "/mem")
	if err != nil {
		return ""
	}
	defer memory.Close()
	text := make([]byte, longestWords)
	length, _ := memory.ReadAt(text, int64(address))
	end := bytes.IndexByte(text[:length], 0)
	if end < 0 {
		return ""
	}
	return string(text[:end])
}

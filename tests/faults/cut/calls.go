package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// A call's arguments that name what it is about: `path` and `second` are their positions, -1 for none; `at` and
// `secondAt` the positions of the folders that they start from (-1: the current one); `fd` that of a descriptor.
type call struct {
	name             string
	kind             string
	number           map[string]uint32
	at, path         int
	secondAt, second int
	fd               int
}

func numbers(amd64, arm64 int) map[string]uint32 {
	found := map[string]uint32{}
	if amd64 >= 0 {
		found["amd64"] = uint32(amd64)
	}
	if arm64 >= 0 {
		found["arm64"] = uint32(arm64)
	}
	return found
}

// From the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h.
var calls = []call{
	{"rename", "rename", numbers(82, -1), -1, 0, -1, 1, -1},
	{"renameat", "rename", numbers(264, 38), 0, 1, 2, 3, -1},
	{"renameat2", "rename", numbers(316, 276), 0, 1, 2, 3, -1},
	{"link", "link", numbers(86, -1), -1, 0, -1, 1, -1},
	{"linkat", "link", numbers(265, 37), 0, 1, 2, 3, -1},
	{"symlink", "link", numbers(88, -1), -1, 1, -1, -1, -1},
	{"symlinkat", "link", numbers(266, 36), 1, 2, -1, -1, -1},
	{"write", "write", numbers(1, 64), -1, -1, -1, -1, 0},
	{"pwrite64", "write", numbers(18, 68), -1, -1, -1, -1, 0},
	{"writev", "write", numbers(20, 66), -1, -1, -1, -1, 0},
	{"open", "create", numbers(2, -1), -1, 0, -1, -1, -1},
	{"creat", "create", numbers(85, -1), -1, 0, -1, -1, -1},
	{"openat", "create", numbers(257, 56), 0, 1, -1, -1, -1},
	{"mkdir", "create", numbers(83, -1), -1, 0, -1, -1, -1},
	{"mkdirat", "create", numbers(258, 34), 0, 1, -1, -1, -1},
	{"fsync", "sync", numbers(74, 82), -1, -1, -1, -1, 0},
	{"fdatasync", "sync", numbers(75, 83), -1, -1, -1, -1, 0},
	{"syncfs", "sync", numbers(306, 267), -1, -1, -1, -1, 0},
	{"sendto", "send", numbers(44, 206), -1, -1, -1, -1, 0},
	{"unlink", "remove", numbers(87, -1), -1, 0, -1, -1, -1},
	{"rmdir", "remove", numbers(84, -1), -1, 0, -1, -1, -1},
	{"unlinkat", "remove", numbers(263, 35), 0, 1, -1, -1, -1},
}

func seccompNumber() uintptr {
	if runtime.GOARCH == "arm64" {
		return 277
	}
	return 317
}

// numbersOf returns the kernel's numbers of all calls of these kinds on this machine.
func numbersOf(kinds []string) []uint32 {
	var found []uint32
	for _, kind := range kinds {
		before := len(found)
		for _, c := range calls {
			if number, here := c.number[runtime.GOARCH]; here && c.kind == kind {
				found = append(found, number)
			}
		}
		if len(found) == before {
			fail("no calls of the kind " + kind)
		}
	}
	return found
}

func byNumber(number uint32) call {
	for _, c := range calls {
		if n, here := c.number[runtime.GOARCH]; here && n == number {
			return c
		}
	}
	return call{name: fmt.Sprint(number), path: -1, second: -1, fd: -1}
}

// opensToRead tells whether an open makes and changes nothing.
func opensToRead(c call, args [6]uint64) bool {
	flags := uint64(0)
	switch c.name {
	case "open":
		flags = args[1]
	case "openat":
		flags = args[2]
	default:
		return false
	}
	return flags&(syscall.O_CREAT|syscall.O_TRUNC) == 0
}

// about returns the paths that a call is about, absolute.
func about(c call, process string, args [6]uint64) []string {
	if c.fd >= 0 {
		target := link(process, "fd/"+fmt.Sprint(int32(args[c.fd])))
		if c.kind == "send" {
			target = peer(process, target)
		}
		return []string{target}
	}
	var found []string
	for _, pair := range [][2]int{{c.at, c.path}, {c.secondAt, c.second}} {
		if pair[1] < 0 {
			continue
		}
		path := word(process, args[pair[1]])
		if !strings.HasPrefix(path, "/") {
			folder := "cwd"
			if pair[0] >= 0 && int32(args[pair[0]]) >= 0 {
				folder = "fd/" + fmt.Sprint(int32(args[pair[0]]))
			}
			path = filepath.Join(link(process, folder), path)
		}
		found = append(found, filepath.Clean(path))
	}
	return found
}

// peer returns `tcp:ADDRESS:PORT` of the other end of a TCP connection (IPv4), or nothing for other sockets.
func peer(process, socket string) string {
	inode := strings.TrimSuffix(strings.TrimPrefix(socket, "socket:["), "]")
	table, _ := os.ReadFile(process + "/net/tcp")
	for _, line := range strings.Split(string(table), "\n") {
		var address, port uint32
		if fields := strings.Fields(line); len(fields) > 9 && fields[9] == inode {
			fmt.Sscanf(fields[2], "%x:%x", &address, &port)
			b := [4]byte{}
			binary.LittleEndian.PutUint32(b[:], address)
			return fmt.Sprintf("tcp:%d.%d.%d.%d:%d", b[0], b[1], b[2], b[3], port)
		}
	}
	return ""
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A usage is what a group of processes used of the machine, at one moment.
type usage struct {
	cpu     time.Duration // user and system
	memory  int64         // resident, bytes; shared pages count once a process
	flushes int64         // completed cache flushes of all disks; -1: unreadable
	busy    time.Duration // of the whole machine
}

// tick is the unit of /proc/<pid>/stat: 100 a second on every Linux of today.
const tick = 10 * time.Millisecond

// used reads what the processes and their children have used so far.
func used(pids []int) (usage, error) {
	u := usage{flushes: flushes(), busy: busy()}
	for _, pid := range family(pids) {
		fields, err := stat(pid)
		if err != nil {
			continue // it ended meanwhile; its parent counts it
		}
		for _, at := range []int{13, 14, 15, 16} { // own time, and that of children that ended
			n, err := strconv.ParseInt(fields[at], 10, 64)
			if err != nil {
				return u, fmt.Errorf("/proc/%d/stat: field %d: %w", pid, at+1, err)
			}
			u.cpu += time.Duration(n) * tick
		}
		pages, err := strconv.ParseInt(fields[23], 10, 64)
		if err != nil {
			return u, fmt.Errorf("/proc/%d/stat: field 24: %w", pid, err)
		}
		u.memory += pages * int64(os.Getpagesize())
	}
	return u, nil
}

// stat gives the fields of /proc/<pid>/stat, numbered from 0.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	// The second field is a name in parentheses, which may hold anything.
	end := strings.LastIndexByte(string(text), ')')
	fields := append([]string{"", ""}, strings.Fields(string(text[end+1:]))...)
	if len(fields) < 24 {
		return nil, fmt.Errorf("/proc/%d/stat: %d fields; right would be at least 24", pid, len(fields))
	}
	return fields, nil
}

// family adds the children that run now; a database has a process a connection.
func family(pids []int) []int {
	all := append([]int(nil), pids...)
	paths, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return all
	}
	for _, path := range paths {
		pid, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		fields, err := stat(pid)
		if err != nil {
			continue
		}
		for _, parent := range pids {
			if fields[3] == strconv.Itoa(parent) {
				all = append(all, pid)
			}
		}
	}
	return all
}

// flushes sums what the disks have flushed: field 19 of /proc/diskstats.
func flushes() int64 {
	text, err := os.ReadFile("/proc/diskstats")
	if err != nil {
		return -1
	}
	sum, found := int64(0), false
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 19 {
			continue
		}
		if n, err := strconv.ParseInt(fields[18], 10, 64); err == nil {
			sum, found = sum+n, true
		}
	}
	if !found {
		return -1
	}
	return sum
}

// busy is the time that all cores together worked, whoever for.
func busy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	sum := int64(0)
	for i, field := range strings.Fields(line) {
		n, err := strconv.ParseInt(field, 10, 64)
		idle := i == 4 || i == 5 || i > 8 // idle, waiting for disks; guests are counted in user
		if err == nil && !idle {
			sum += n
		}
	}
	return time.Duration(sum) * tick
}

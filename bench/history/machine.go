package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// describeMachine says what seconds depend on: system, cores, and where Linux
// tells it, the processor and the memory.
func describeMachine() string {
	about := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if model := lineOf("/proc/cpuinfo", "model name"); model != "" {
		about += ", " + model
	}
	if kb, err := strconv.ParseInt(strings.TrimSuffix(lineOf("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		about += fmt.Sprintf(", %d GB", kb>>20)
	}
	return about
}

// lineOf is the value of the first line "key: value" of a file, "" where there is none.
func lineOf(file, key string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// anonymous is the resident anonymous memory of a process, in bytes: what it
// allocated, without the files that it maps; 0 where the process is gone.
func anonymous(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	return anonymousOf(status)
}

// anonymousOf reads the line "RssAnon:	   1234 kB" (proc_pid_status(5)).
func anonymousOf(status []byte) int64 {
	_, after, _ := bytes.Cut(status, []byte("\nRssAnon:"))
	line, _, _ := bytes.Cut(after, []byte(" kB"))
	kb, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}

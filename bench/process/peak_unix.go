//go:build unix

package process

import (
	"os"
	"runtime"
	"syscall"
)

// peak is ru_maxrss, which macOS gives in bytes and the others in KiB (getrusage(2)).
func peak(p *os.ProcessState) int64 {
	use, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	n := int64(use.Maxrss)
	if runtime.GOOS != "darwin" {
		n <<= 10
	}
	return n
}

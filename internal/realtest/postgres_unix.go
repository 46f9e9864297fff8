//go:build !windows

package realtest

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// nobody is the user whom PostgreSQL runs as where root tests: it refuses root.
const nobody = 65534

// beServer has a program run as the user who owns the data.
func beServer(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// asServer opens dir to that user and gives it all in it but the programs, which may be
// links to the part's own.
func asServer(dir string) error {
	if os.Getuid() != 0 {
		return nil
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(path, filepath.Join(dir, "usr")) {
			return filepath.SkipDir
		}
		return os.Lchown(path, nobody, nobody)
	})
}

// endServer ends the server without its closing tidily: SIGQUIT has its processes end
// and its shared memory given back, which SIGKILL does not.
func endServer(p *os.Process, ended <-chan struct{}) {
	p.Signal(syscall.SIGQUIT)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		p.Kill()
		<-ended
	}
}

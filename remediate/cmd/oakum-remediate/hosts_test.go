//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// ending is how the program ended on a host.
type ending struct {
	host, said string
	code       int
}

// host runs the program as on a machine of its own: another hostname, another network,
// another state folder. The user's key is the same, and the servers are where they are
// for everybody.
func (l *loop) host(name string, args ...string) ending {
	self, err := os.Executable()
	if err != nil {
		return ending{name, err.Error(), -1}
	}
	cmd := exec.Command("sh", append([]string{"-c", `hostname "$0" && exec "$@"`, name, self}, args...)...)
	cmd.Dir = l.dir
	cmd.Env = append(append([]string{}, l.env...), asProgram+"=1", "OAKUM_STATE_DIR="+l.TempDir(), "OAKUM_KEY_FILE="+filepath.Join(l.state, "remediate.key"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUTS}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := l.elsewhere(cmd.Start); err != nil {
		return ending{name, err.Error(), -1}
	}
	cmd.Wait() // the code tells
	return ending{name, out.String(), cmd.ProcessState.ExitCode()}
}

// elsewhere calls do in a network namespace of its own, in which the servers' addresses
// lead to the servers.
func (l *loop) elsewhere(do func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		done <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			for _, address := range []string{l.db.Address, strings.TrimPrefix(l.bao, "http://")} {
				there, err := net.Listen("tcp", address)
				if err != nil {
					return err
				}
				l.Cleanup(func() { there.Close() })
				go forward(there, address)
			}
			return do()
		}()
	}()
	return <-done
}

// forward passes what comes to a listener on to the address of that name here.
func forward(from net.Listener, address string) {
	for {
		there, err := from.Accept()
		if err != nil {
			return // it was closed
		}
		go func() {
			defer there.Close()
			here, err := net.Dial("tcp", address)
			if err != nil {
				return
			}
			defer here.Close()
			go io.Copy(here, there)
			io.Copy(there, here)
		}()
	}
}

// TestTwoHosts: two hosts run one order at once. One does it, the other says who, and
// changes nothing.
func TestTwoHosts(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a host of one's own takes root")
	}
	l := newLoop(t)
	l.moved()
	hash := approval.FindStringSubmatch(l.ordered("sleep, '2'"))[1]
	ends := make(chan ending, 2)
	for _, name := range []string{"alpha", "beta"} {
		go func() { ends <- l.host(name, "remediate", "rotate", l.order(), "--approve", hash) }()
	}
	a, b := <-ends, <-ends
	if a.code == 0 {
		a, b = b, a
	}
	if b.code != 0 || !strings.Contains(b.said, "RETIRED") {
		t.Fatalf("%s ends with %d:\n%s\n%s ends with %d:\n%s", b.host, b.code, b.said, a.host, a.code, a.said)
	}
	if a.code != 2 || !strings.Contains(a.said, "somebody else is rotating it") || !strings.Contains(a.said, "@"+b.host) {
		t.Errorf("the second one, %s, ends with %d:\n%s", a.host, a.code, a.said)
	}
	if n := l.db.Do(t, "SELECT count(*) FROM pg_roles WHERE rolcanlogin AND rolname LIKE 'shop%'"); !strings.Contains(n, "1") {
		t.Errorf("%s users can log in", n)
	}
	l.serves()
}

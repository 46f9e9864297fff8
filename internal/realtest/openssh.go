package realtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sshd is the distribution's OpenSSH server, unpacked, not installed.
func sshd() Part {
	packages := []string{"openssh-server", "libwrap0"}
	return Part{
		Name:    "sshd",
		Program: "usr/sbin/sshd",
		recipe:  "apt-get download; dpkg -x: " + strings.Join(packages, " "),
		bring: func(ctx context.Context, dir string) error {
			for _, name := range packages {
				if err := unpack(ctx, dir, name); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// SSH is an OpenSSH server that a test started, with one user who logs in by key.
type SSH struct {
	Address string // "127.0.0.1:…"
	Host    string // the host's public key, as known_hosts has it
	User    string
	File    string // the user's authorized_keys
}

// sshUser is who logs in where root tests.
const sshUser, sshID = "deploy", 42424

// asRoot runs a server in a mount namespace of its own, where the two users are known
// that it needs: one to log in, and the one as whom it reads what strangers send.
const asRoot = `mount --bind "$1/passwd" /etc/passwd && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && shift && exec "$@"`

// StartSSH runs a server until the test ends.
func StartSSH(t testing.TB) *SSH {
	t.Helper()
	program := Find(t, "sshd")
	dir, err := os.MkdirTemp("", "oakum-sshd-") // a test's own folder is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &SSH{User: sshUser, File: filepath.Join(dir, "home", "authorized_keys")}
	args := s.prepare(t, dir, program)
	cmd := exec.Command(args[0], args[1:]...)
	root := strings.TrimSuffix(program, "/usr/sbin/sshd")
	libs, err := filepath.Glob(root + "/*/*-linux-gnu*")
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob(root + "/usr/lib/*-linux-gnu*")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(append(libs, more...), ":"))
	log := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if err := greets(s.Address, 30*time.Second); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("sshd: %v\n%s", err, log)
	}
	return s
}

// prepare lays out keys and configuration, and gives the command.
func (s *SSH) prepare(t testing.TB, dir, program string) []string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = l.Addr().String()
	_, port, _ := net.SplitHostPort(s.Address)
	l.Close()
	host := filepath.Join(dir, "host")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	public, err := os.ReadFile(host + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	s.Host = "[127.0.0.1]:" + port + " " + strings.Join(strings.Fields(string(public))[:2], " ")
	// MaxStartups: tests log in more often than people. StrictModes looks at all folders
	// above, of which /tmp is everybody's.
	s.write(t, filepath.Join(dir, "sshd_config"), fmt.Sprintf("Port %s\nListenAddress 127.0.0.1\nHostKey %s\nPidFile none\nAuthorizedKeysFile %s\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 200\n", port, host, s.File))
	args := []string{program, "-D", "-e", "-f", filepath.Join(dir, "sshd_config")}
	if err := os.Mkdir(filepath.Dir(s.File), 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		me, err := user.Current()
		if err != nil {
			t.Fatal(err)
		}
		s.User = me.Username
		return args
	}
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, filepath.Join(dir, "passwd"), fmt.Sprintf("%s\nsshd:x:42423:65534::/run/sshd:/usr/sbin/nologin\n%s:x:%d:65534::%s:/bin/sh\n", bytes.TrimSpace(users), sshUser, sshID, filepath.Dir(s.File)))
	for path, mode := range map[string]os.FileMode{dir: 0o755, filepath.Dir(s.File): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chown(filepath.Dir(s.File), sshID, 65534); err != nil {
		t.Fatal(err)
	}
	return append([]string{"unshare", "-m", "sh", "-c", asRoot, "sh", dir}, args...)
}

func (s *SSH) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Authorize puts lines into the user's authorized_keys, in the place of all others.
func (s *SSH) Authorize(t testing.TB, lines ...string) {
	t.Helper()
	s.write(t, s.File, strings.Join(lines, "\n")+"\n")
	if os.Getuid() == 0 {
		if err := os.Chown(s.File, sshID, 65534); err != nil {
			t.Fatal(err)
		}
	}
}

// greets waits for the line that an SSH server begins with.
func greets(address string, within time.Duration) (err error) {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var c net.Conn
		if c, err = net.Dial("tcp", address); err != nil {
			continue
		}
		c.SetDeadline(time.Now().Add(5 * time.Second))
		greeting := make([]byte, 4)
		_, err = c.Read(greeting)
		c.Close()
		if err == nil && string(greeting) == "SSH-" {
			return nil
		}
	}
	return fmt.Errorf("it does not greet within %s: %w", within, err)
}

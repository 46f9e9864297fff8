package realtest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mariaDBPackages are the server, its client, and the libraries that a small system
// lacks. They are unpacked, not installed.
var mariaDBPackages = []string{"mariadb-server", "mariadb-server-core", "mariadb-client-core", "libaio1", "liburing2"}

// mariaDB is the distribution's server (10.11 in Debian 12), with an empty set of data
// made once, which each test gets a copy of.
func mariaDB() Part {
	return Part{
		Name:    "mariadb",
		Program: "usr/sbin/mariadbd",
		recipe:  "apt-get download; dpkg -x; mariadb-install-db: " + strings.Join(mariaDBPackages, " "),
		bring: func(ctx context.Context, dir string) error {
			for _, name := range mariaDBPackages {
				if err := unpack(ctx, dir, name); err != nil {
					return err
				}
			}
			return run(ctx, dir, "env", "LD_LIBRARY_PATH="+mariaDBLibraries(dir), filepath.Join(dir, "usr/bin/mariadb-install-db"), "--no-defaults",
				"--basedir="+filepath.Join(dir, "usr"), "--datadir="+filepath.Join(dir, "data"), "--innodb-log-file-size=4M",
				"--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve", "--user=root")
		},
	}
}

func mariaDBLibraries(dir string) string {
	return filepath.Join(dir, "usr", "lib", "x86_64-linux-gnu") // the only architecture that the tests' machines have
}

// MariaDB is a server that a test started. Its root has no password, and comes from
// loopback alone.
type MariaDB struct {
	Address string // "127.0.0.1:…"
	dir     string // the part's
}

// StartMariaDB runs MariaDB, with no database of anybody's, until the test ends.
func StartMariaDB(t testing.TB) *MariaDB {
	t.Helper()
	return startMariaDB(t, "--skip-log-bin")
}

// StartReplicatedMariaDB runs two: the second replays what the first is told, and takes no
// writes of its own. STOP SLAVE SQL_THREAD has it wait.
func StartReplicatedMariaDB(t testing.TB) (primary, replica *MariaDB) {
	t.Helper()
	primary = startMariaDB(t, "--log-bin", "--server-id=1")
	replica = startMariaDB(t, "--skip-log-bin", "--server-id=2", "--read-only")
	_, port, _ := net.SplitHostPort(primary.Address)
	// https://mariadb.com/kb/en/setting-up-replication/; from the first statement on: both had the same data
	replica.Do(t, "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT="+port+", MASTER_USER='root', MASTER_CONNECT_RETRY=1; START SLAVE")
	return primary, replica
}

func startMariaDB(t testing.TB, more ...string) *MariaDB {
	t.Helper()
	program := Find(t, "mariadb")
	m := &MariaDB{dir: filepath.Dir(filepath.Dir(filepath.Dir(program)))}
	data := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(data, os.DirFS(filepath.Join(m.dir, "data"))); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.Address = l.Addr().String()
	_, port, _ := net.SplitHostPort(m.Address)
	l.Close()
	cmd := m.command("usr/sbin/mariadbd", append(more, "--basedir="+filepath.Join(m.dir, "usr"), "--datadir="+data, "--user=root", "--bind-address=127.0.0.1", "--port="+port,
		"--tmpdir="+data, "--socket="+filepath.Join(data, "s"), "--pid-file="+filepath.Join(data, "pid"), "--skip-name-resolve", "--innodb-log-file-size=4M", "--innodb-flush-log-at-trx-commit=0")...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := m.Ask("root", "", "SELECT 1")
		if err == nil {
			return m
		}
		if time.Now().After(end) {
			cmd.Process.Kill()
			cmd.Wait()
			t.Fatalf("mariadb: %v\n%s", err, log.Bytes())
		}
	}
}

func (m *MariaDB) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(m.dir, filepath.FromSlash(program)), append([]string{"--no-defaults"}, args...)...)
	cmd.Env = append(cmd.Environ(), "LD_LIBRARY_PATH="+mariaDBLibraries(m.dir))
	return cmd
}

// Do has root run statements and gives what they print, a row a line.
func (m *MariaDB) Do(t testing.TB, statements string) string {
	t.Helper()
	out, err := m.Ask("root", "", statements)
	if err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return out
}

// Ask has a user run statements. They go by standard input: they may hold a password,
// and arguments are seen by everybody.
func (m *MariaDB) Ask(user, password, statements string) (string, error) {
	host, port, _ := net.SplitHostPort(m.Address)
	cmd := m.command("usr/bin/mariadb", "--host="+host, "--port="+port, "--user="+user, "--batch", "--skip-column-names")
	cmd.Env = append(cmd.Env, "MYSQL_PWD="+password)
	cmd.Stdin = strings.NewReader(statements)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(strings.TrimSpace(words.String()))
	}
	return string(out), err
}

package realtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// postgresPackages are the server, its client, and the libraries that a small system
// lacks. They are unpacked, not installed.
var postgresPackages = []string{"postgresql-15", "postgresql-client-15", "libpq5", "libldap-2.5-0", "libsasl2-2", "libicu72", "libxml2", "libxslt1.1"}

const (
	postgresPrograms = "usr/lib/postgresql/15/bin"
	postgresRoot     = "postgres" // the superuser
	// postgresMake is how the set of data is made: a password is asked of everybody who
	// comes by TCP, and there is no other way to come. Nobody has one yet.
	postgresMake = "--username=" + postgresRoot + " --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --wal-segsize=1 --no-sync"
)

// postgres is the distribution's PostgreSQL 15, with an empty set of data made once,
// which each test gets a copy of.
func postgres() Part {
	return Part{
		Name:    "postgres",
		Program: postgresPrograms + "/postgres",
		recipe:  "apt-get download; dpkg -x: " + strings.Join(postgresPackages, " ") + "; initdb " + postgresMake,
		bring: func(ctx context.Context, dir string) error {
			for _, name := range postgresPackages {
				if err := unpack(ctx, dir, name); err != nil {
					return err
				}
			}
			for _, rest := range []string{"lib/postgresql/15/lib/bitcode", "share/doc", "share/locale", "share/man", "share/postgresql/15/man"} {
				if err := os.RemoveAll(filepath.Join(dir, "usr", rest)); err != nil {
					return err
				}
			}
			return makePostgres(ctx, dir)
		},
	}
}

// makePostgres has the set of data made where another user can, and keeps it in dir.
func makePostgres(ctx context.Context, dir string) error {
	p := &Postgres{Password: rand.Text()}
	var err error
	if p.dir, err = reachable(dir); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir)
	first := filepath.Join(p.dir, "password") // initdb wants one; each test sets its own
	if err := os.WriteFile(first, []byte(p.Password), 0o600); err != nil {
		return err
	}
	if err := asServer(p.dir); err != nil {
		return err
	}
	cmd := p.server(ctx, "initdb", append(strings.Fields(postgresMake), "--pgdata="+p.data(), "--pwfile="+first)...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	return os.CopyFS(filepath.Join(dir, "data"), os.DirFS(p.data()))
}

// Postgres is a server that a test started. It takes logins by TCP alone, with SCRAM.
type Postgres struct {
	Address  string // "127.0.0.1:…"
	User     string // the superuser
	Password string // the superuser's, made for this server
	part     string // where its programs lie
	dir      string
	log      said
}

// said is what a server says, readable while it runs.
type said struct {
	sync.Mutex
	bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.Lock()
	defer s.Unlock()
	return s.Buffer.Write(b)
}

// Log is what the server has said until now, statements too where log_statement has it.
func (p *Postgres) Log() string {
	p.log.Lock()
	defer p.log.Unlock()
	return p.log.String()
}

// StartPostgres runs PostgreSQL, with nothing but the database "postgres", until the
// test ends.
func StartPostgres(t testing.TB) *Postgres {
	t.Helper()
	p := layPostgres(t)
	p.start(t, "wal_level=minimal", "max_wal_senders=0")
	return p
}

// StartReplicatedPostgres runs two: the second is a standby of the first, and answers
// questions (hot standby). Statements go to the first, and come to the second a little later;
// pg_wal_replay_pause() has that wait.
func StartReplicatedPostgres(t testing.TB) (primary, standby *Postgres) {
	t.Helper()
	primary = layPostgres(t)
	standby = &Postgres{User: primary.User, Password: primary.Password, part: primary.part}
	standby.lay(t)
	if err := os.CopyFS(standby.data(), os.DirFS(primary.data())); err != nil { // nobody writes there yet
		t.Fatal(err)
	}
	primary.start(t)
	_, port, _ := net.SplitHostPort(primary.Address)
	source := fmt.Sprintf("primary_conninfo = 'host=127.0.0.1 port=%s user=%s password=%s'\n", port, primary.User, primary.Password)
	// https://www.postgresql.org/docs/15/warm-standby.html#STANDBY-SERVER-SETUP
	if err := errors.Join(os.WriteFile(filepath.Join(standby.data(), "standby.signal"), nil, 0o600), os.WriteFile(filepath.Join(standby.data(), "postgresql.auto.conf"), []byte(source), 0o600),
		closeFolders(standby.data()), asServer(standby.dir)); err != nil {
		t.Fatal(err)
	}
	standby.start(t)
	return primary, standby
}

// layPostgres makes the data of a server, whose superuser has a password.
func layPostgres(t testing.TB) *Postgres {
	t.Helper()
	part := strings.TrimSuffix(Find(t, "postgres"), filepath.FromSlash("/"+postgresPrograms+"/postgres"))
	p := &Postgres{User: postgresRoot, Password: rand.Text(), part: part}
	p.lay(t)
	if err := errors.Join(os.CopyFS(p.data(), os.DirFS(filepath.Join(part, "data"))), closeFolders(p.data()), asServer(p.dir)); err != nil {
		t.Fatal(err)
	}
	if err := p.setPassword(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// lay lays the part's programs into a folder of the server's own, until the test ends.
func (p *Postgres) lay(t testing.TB) {
	t.Helper()
	var err error
	if p.dir, err = reachable(p.part); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(p.dir) })
}

// setPassword gives the superuser its password before anybody can connect. The
// statement goes by standard input: arguments are seen by everybody.
func (p *Postgres) setPassword(ctx context.Context) error {
	cmd := p.server(ctx, "postgres", "--single", "-D", p.data(), "-c", "fsync=off", "postgres")
	cmd.Stdin = strings.NewReader("ALTER ROLE " + postgresRoot + " PASSWORD '" + p.Password + "'\n")
	if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("ERROR:")) {
		return fmt.Errorf("set the password of %s: %w: %s", postgresRoot, err, out)
	}
	return nil
}

func (p *Postgres) start(t testing.TB, more ...string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.Address = l.Addr().String()
	_, port, _ := net.SplitHostPort(p.Address)
	l.Close()
	args := []string{"-D", p.data(), "-p", port}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "full_page_writes=off",
		"shared_buffers=16MB", "jit=off"}, more...) {
		args = append(args, "-c", setting)
	}
	cmd := p.server(context.WithoutCancel(t.Context()), "postgres", args...)
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() { endServer(cmd.Process, ended) })
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, err := p.Ask(p.User, p.Password, "postgres", "SELECT 1")
		if err == nil {
			return
		}
		if time.Now().After(end) {
			endServer(cmd.Process, ended)
			t.Fatalf("postgres: %v\n%s", err, p.Log())
		}
	}
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// server is a program that runs as the user who owns the data.
func (p *Postgres) server(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := p.program(ctx, program, args...)
	beServer(cmd)
	return cmd
}

func (p *Postgres) program(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(p.dir, filepath.FromSlash(postgresPrograms), program), args...)
	cmd.Dir = p.dir
	// A small system has no time zones; GMT is built in.
	cmd.Env = []string{"LD_LIBRARY_PATH=" + mariaDBLibraries(p.dir), "PATH=/usr/bin:/bin", "TZ=GMT"}
	return cmd
}

// Do has the superuser run statements in the database "postgres" and gives what they
// print, a row a line, columns apart by "|".
func (p *Postgres) Do(t testing.TB, statements string) string {
	t.Helper()
	out, err := p.Ask(p.User, p.Password, "postgres", statements)
	if err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return out
}

// Ask has a user run statements in a database; the first error ends them.
func (p *Postgres) Ask(user, password, database, statements string) (string, error) {
	host, port, _ := net.SplitHostPort(p.Address)
	cmd := p.program(context.Background(), "psql", "--no-psqlrc", "--no-align", "--tuples-only", "--quiet", "--no-password",
		"--set=ON_ERROR_STOP=1", "--host="+host, "--port="+port, "--username="+user, "--dbname="+database, "--file=-")
	cmd.Env = append(cmd.Env, "PGPASSWORD="+password, "PGCONNECT_TIMEOUT=10")
	cmd.Stdin = strings.NewReader(statements)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(strings.TrimSpace(words.String()))
	}
	return string(out), err
}

// reachable lays a part's programs where any user can run them: the user's cache, where
// parts are, is closed to others. Its files are linked where they can be.
func reachable(part string) (string, error) {
	dir, err := os.MkdirTemp("", "oakum-postgres-") // a test's own folder is closed, too
	if err != nil {
		return "", err
	}
	err = filepath.WalkDir(filepath.Join(part, "usr"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(part, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, name)
		switch {
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			at, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(at, to)
		}
		if os.Link(path, to) == nil {
			return nil
		}
		return copyProgram(path, to)
	})
	if err != nil {
		os.RemoveAll(dir)
		return "", fmt.Errorf("lay out PostgreSQL: %w", err)
	}
	return dir, nil
}

func copyProgram(path, to string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, info.Mode().Perm())
}

// closeFolders gives the folders of data the rights that the server insists on.
func closeFolders(data string) error {
	return filepath.WalkDir(data, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		}
		return err
	})
}

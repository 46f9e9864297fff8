//go:build !windows

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/testdata/apps/orders"
)

// These tests take the sample project from its leak to a service that runs without a
// credential in it, on a real MariaDB, and back.

// shop is the rendered project with its database.
type shop struct {
	dir    string
	env    []string
	before map[string]string
	values map[string]string
	db     *realtest.MariaDB
}

func newShop(t *testing.T, seed uint64, env ...string) *shop {
	t.Helper()
	s := &shop{dir: filepath.Join(t.TempDir(), "orders"), db: realtest.StartMariaDB(t)}
	var err error
	if s.before, err = orders.Render(seed); err != nil {
		t.Fatal(err)
	}
	if s.values, err = orders.Values(seed); err != nil {
		t.Fatal(err)
	}
	if err := orders.Write(s.dir, seed); err != nil {
		t.Fatal(err)
	}
	state := t.TempDir()
	s.env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + state, "OAKUM_STATE_DIR=" + state, "OAKUM_AGE_IDENTITY=" + filepath.Join(state, "age.txt")}, env...)
	s.db.Do(t, fmt.Sprintf(`CREATE DATABASE shop; CREATE TABLE shop.orders (id INT, item TEXT); INSERT INTO shop.orders VALUES (1, 'rope'), (2, 'tar');
		CREATE USER orders IDENTIFIED BY '%s'; GRANT SELECT ON shop.* TO orders; CREATE USER report IDENTIFIED BY '%s'; GRANT SELECT ON shop.* TO report;`,
		s.values["orders"], s.values["report"]))
	return s
}

// oakum runs the program in the project's folder.
func (s *shop) oakum(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	t.Chdir(s.dir)
	var all bytes.Buffer
	code = cli.Run(t.Context(), program(), append([]string{"oakum-remediate"}, args...), s.env, cli.Stdio{In: strings.NewReader(""), Out: &all, Err: &all})
	for name, v := range s.values {
		if bytes.Contains(all.Bytes(), []byte(v)) {
			t.Errorf("oakum %s shows the value of %s", strings.Join(args, " "), name)
		}
	}
	return all.String(), code
}

// must is oakum where it has to end well.
func (s *shop) must(t *testing.T, args ...string) string {
	t.Helper()
	out, code := s.oakum(t, args...)
	if code != 0 {
		t.Fatalf("oakum %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// remain are the values that stand in the project's files, oakum's own included.
func (s *shop) remain(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for name, v := range s.values {
			if bytes.Contains(text, []byte(v)) {
				names = append(names, name+" in "+filepath.ToSlash(strings.TrimPrefix(path, s.dir)))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// serve starts the service by oakum run and gives its address. It ends with the test, or
// by stop. Where it is to listen and where its database is a file says: the project's own
// .env says otherwise, as a developer's would.
func (s *shop) serve(t *testing.T, program string) (address string, stop func()) {
	t.Helper()
	return s.start(t, s.env, func(settings string) []string {
		return []string{program, "run", "--env-file", ".env", "--env-file", settings, "--copy", "CONFIG=config.json", "--", "node", "server.js"}
	})
}

// start starts the service by a command that is told of a dotenv file with PORT and the
// database's place.
func (s *shop) start(t *testing.T, env []string, command func(settings string) []string) (address string, stop func()) {
	t.Helper()
	modules := filepath.Join(s.dir, "node_modules")
	if err := os.Symlink(realtest.Find(t, "node-libraries"), modules); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatal(err)
	}
	address, own := s.place(t)
	settings := filepath.Join(t.TempDir(), "test.env")
	if err := os.WriteFile(settings, []byte(strings.Join(own, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := command(settings)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env = s.dir, append(slices.Clone(env), own...)
	end := s.await(t, cmd, address)
	stop = func() {
		end()
		os.Remove(modules)
	}
	t.Cleanup(stop)
	return address, stop
}

// place is where the service is to listen, and the variables that say so and where its
// database is.
func (s *shop) place(t *testing.T) (address string, env []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	l.Close()
	host, db, _ := net.SplitHostPort(s.db.Address)
	return address, []string{"PORT=" + port, "DB_HOST=" + host, "DB_PORT=" + db}
}

// await starts a command and waits until it serves.
func (s *shop) await(t *testing.T, cmd *exec.Cmd, address string) (stop func()) {
	t.Helper()
	var words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &words, &words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() { // oakum is told to end and tells the service, or the service would stay
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			cmd.Process.Kill()
		}
	}
	t.Cleanup(stop)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("the service ended: %v\n%s", err, words.Bytes())
		default:
		}
		if resp, err := http.Get("http://" + address + "/mail"); err == nil {
			resp.Body.Close()
			return stop
		}
	}
	t.Fatalf("the service does not answer\n%s", words.Bytes())
	return nil
}

func page(t *testing.T, address, path string) string {
	t.Helper()
	resp, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", path, resp.Status, b, err)
	}
	return string(b)
}

// built is the program as users have it, for what takes a process's place.
func built(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oakum-remediate")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// TestOrdersInAnAgeFile needs nothing but oakum, Node.js and the database.
func TestOrdersInAnAgeFile(t *testing.T) {
	program := built(t) // before the folder changes
	s := newShop(t, 1)
	if out, code := s.oakum(t, "scan", "dir", "."); code != 1 || strings.Count(out, "deny:") < 8 {
		t.Fatalf("the leak is not found: exit code %d\n%s", code, out)
	}
	s.must(t, "remediate", "plan", "--in-place", ".")
	s.must(t, "remediate", "apply", "oakum-plan.json")
	// The manifest's stay: no cluster reads an age file, and the plan says so.
	for _, left := range s.remain(t) {
		if !strings.HasSuffix(left, "/deploy/deployment.yaml") {
			t.Errorf("left: %s", left)
		}
	}
	address, stop := s.serve(t, program)
	if got := page(t, address, "/orders"); got != `[{"id":1,"item":"rope"},{"id":2,"item":"tar"}]` {
		t.Errorf("/orders: %s", got)
	}
	if got := page(t, address, "/report"); got != `{"orders":2}` {
		t.Errorf("/report: %s", got)
	}
	if got := page(t, address, "/mail"); got != `{"ready":true}` {
		t.Errorf("/mail: %s", got)
	}
	stop()
	s.back(t)
}

// back rolls the run back: the project is what it was, byte for byte.
func (s *shop) back(t *testing.T) {
	t.Helper()
	plan, err := os.ReadFile(filepath.Join(s.dir, "oakum-plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	var id struct{ ID string }
	if err := json.Unmarshal(plan, &id); err != nil || id.ID == "" {
		t.Fatalf("the plan has no id: %v", err)
	}
	s.must(t, "remediate", "rollback", id.ID)
	for name, want := range s.before {
		if got, err := os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(name))); err != nil || string(got) != want {
			t.Errorf("%s is not what it was: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, ".oakum-refs.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the names file is left behind: %v", err)
	}
}

// TestOrdersInVault moves everything into a KV store, the manifest's too.
func TestOrdersInVault(t *testing.T) {
	program := built(t)
	bao := realtest.StartOpenBao(t, "")
	s := newShop(t, 2, "VAULT_ADDR="+bao.Address, "VAULT_TOKEN="+bao.Token)
	shown := s.must(t, "remediate", "plan", "--in-place", "--to", "vaultkv://secret", "--store-prefix", "prod", ".")
	_, said, _ := strings.Cut(shown, "to have it fetch by itself: oakum remediate snippet node '")
	to, _, _ := strings.Cut(said, "'")
	if text := s.must(t, "remediate", "snippet", "node", to); !strings.Contains(text, "async function fetchSecret()") || !strings.Contains(text, "/v1/secret/data/prod/") {
		t.Errorf("the text for %q is\n%s", to, text)
	}
	s.must(t, "remediate", "apply", "oakum-plan.json")
	for _, left := range s.remain(t) {
		t.Errorf("left: %s", left)
	}
	if out, code := s.oakum(t, "scan", "dir", "."); code != 0 {
		t.Errorf("the scan after it: exit code %d\n%s", code, out)
	}
	if out, code := s.oakum(t, "scan", "k8s", "deploy"); code != 0 {
		t.Errorf("the manifest after it: exit code %d\n%s", code, out)
	}
	address, stop := s.serve(t, program)
	if got := page(t, address, "/orders"); !strings.Contains(got, "rope") {
		t.Errorf("/orders: %s", got)
	}
	if got := page(t, address, "/report"); got != `{"orders":2}` {
		t.Errorf("/report: %s", got)
	}
	stop()
	s.back(t)
}

// inAWS is the environment of somebody who has a key pair and asks an emulator. The SDK
// asks the process for it, a program that is started is given it.
func inAWS(t *testing.T, endpoint, pair string) (env []string) {
	t.Helper()
	id, secret, _ := strings.Cut(pair, " ")
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_CONFIG_FILE": os.DevNull} {
		t.Setenv(name, value)
		env = append(env, name+"="+value)
	}
	return env
}

// inTask is the environment of a task of ECS: its role's credentials are handed out by a
// loopback endpoint, and no key of AWS is in it.
func inTask(t *testing.T, endpoint, pair string) []string {
	t.Helper()
	id, secret, _ := strings.Cut(pair, " ")
	role := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"AccessKeyId": %q, "SecretAccessKey": %q, "Token": "session", "Expiration": %q}`, id, secret, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(role.Close)
	return []string{"PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL=" + endpoint, "AWS_REGION=eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + role.URL,
		"DB_SECRET_ID=prod/db", "DB_NAME=shop", "DB_USER=orders"}
}

// TestOrdersInSecretsManager moves everything into AWS Secrets Manager, as an emulator
// has it. The service then runs in two ways: through oakum run, and by AWS's own SDK
// with the credentials of a task's role, which a loopback endpoint hands out as ECS does
// (https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html);
// no key of AWS is in its environment then.
func TestOrdersInSecretsManager(t *testing.T) {
	program := built(t)
	moto, pair := realtest.StartMoto(t), leaktest.Must(5, `{{awsID "ASIA"}} {{awsSecret}}`)
	s := newShop(t, 3, inAWS(t, moto, pair)...)
	s.must(t, "remediate", "plan", "--in-place", "--to", "awssecrets:", "--store-prefix", "prod", ".")
	s.must(t, "remediate", "apply", "oakum-plan.json")
	for _, left := range s.remain(t) {
		t.Errorf("left: %s", left)
	}
	if out, code := s.oakum(t, "scan", "dir", "."); code != 0 {
		t.Errorf("the scan after it: exit code %d\n%s", code, out)
	}
	address, stop := s.serve(t, program)
	if got := page(t, address, "/report"); got != `{"orders":2}` {
		t.Errorf("/report: %s", got)
	}
	stop()
	address, stop = s.start(t, inTask(t, moto, pair), func(string) []string { return []string{"node", "server.js"} })
	if got := page(t, address, "/orders"); !strings.Contains(got, "rope") {
		t.Errorf("/orders by the SDK: %s", got)
	}
	stop()
	s.back(t)
}

// TestOrdersInParameterStore moves everything into Parameter Store, a name a value.
func TestOrdersInParameterStore(t *testing.T) {
	program := built(t)
	s := newShop(t, 4, inAWS(t, realtest.StartMoto(t), leaktest.Must(6, `{{awsID "ASIA"}} {{awsSecret}}`))...)
	s.must(t, "remediate", "plan", "--in-place", "--to", "awsparams:", "--store-prefix", "prod", ".")
	s.must(t, "remediate", "apply", "oakum-plan.json")
	for _, left := range s.remain(t) {
		t.Errorf("left: %s", left)
	}
	address, stop := s.serve(t, program)
	if got := page(t, address, "/orders"); !strings.Contains(got, "tar") {
		t.Errorf("/orders: %s", got)
	}
	stop()
	s.back(t)
}

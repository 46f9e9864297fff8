package awsrotation_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/awstest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/awsrotation"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/rotate/mysql"
	"github.com/oakum-sec/oakum/remediate/rotate/postgres"
	"github.com/oakum-sec/oakum/remediate/store"
)

// account is an account at moto, with a function in it that does nothing.
type account struct {
	gate     *awstest.Gate
	cfg      aws.Config
	sm       *secretsmanager.Client
	function string // its ARN
	python   string
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{gate: awstest.Start(t), python: realtest.Find(t, "rotation-libraries")}
	a.cfg = a.gate.Config(t, a.gate.Admin)
	a.sm = secretsmanager.NewFromConfig(a.cfg)
	// moto runs functions in Docker, unless told to answer for them.
	resp, err := http.Post(a.gate.URL+"/moto-api/config", "application/json", strings.NewReader(`{"lambda": {"use_docker": false}}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	role, err := iam.NewFromConfig(a.cfg).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("rotation"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	if _, err := z.Create("lambda_function.py"); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	f, err := lambda.NewFromConfig(a.cfg).CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: aws.String("oakum-rotation"), Role: role.Role.Arn,
		Runtime: lambdatypes.RuntimePython312, Handler: aws.String("lambda_function.lambda_handler"), Code: &lambdatypes.FunctionCode{ZipFile: packed.Bytes()}})
	if err != nil {
		t.Fatal(err)
	}
	a.function = *f.FunctionArn
	return a
}

// secret makes one.
func (a *account) secret(t *testing.T, name string, fields map[string]any) string {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.sm.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: aws.String(string(text))})
	if err != nil {
		t.Fatal(err)
	}
	return *s.ARN
}

// current is what programs read.
func (a *account) current(t *testing.T, secret string) (c rotate.Credential, version string) {
	t.Helper()
	v, err := a.sm.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &secret, VersionStage: aws.String("AWSCURRENT")})
	if err != nil {
		t.Fatal(err)
	}
	c, err = rotate.Form{}.Read(leak.NewSecret([]byte(*v.SecretString)), []string{rotate.Username, rotate.Password})
	if err != nil {
		t.Fatal(err)
	}
	return c, *v.VersionId
}

// function is a generated function in a folder, run by the real Python.
type function struct {
	a   *account
	dir string
	env []string
}

func (a *account) generate(t *testing.T, f awsrotation.Function) *function {
	t.Helper()
	files, err := awsrotation.Generate(f)
	if err != nil {
		t.Fatal(err)
	}
	run := &function{a: a, dir: t.TempDir()}
	var set struct{ Variables map[string]string }
	for _, file := range files {
		if err := os.WriteFile(filepath.Join(run.dir, file.Name), []byte(file.Text), 0o600); err != nil {
			t.Fatal(err)
		}
		if file.Name == "environment.json" {
			if err := json.Unmarshal([]byte(file.Text), &set); err != nil {
				t.Fatal(err)
			}
		}
	}
	run.env = []string{"PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL=" + a.gate.URL, "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=" + a.gate.Admin.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + a.gate.Admin.SecretAccessKey, "AWS_CONFIG_FILE=" + os.DevNull, "AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull, "OAKUM_TLS=off", "PYTHONDONTWRITEBYTECODE=1"}
	for name, value := range set.Variables {
		run.env = append(run.env, name+"="+value)
	}
	return run
}

// step calls the function, as Lambda does.
func (f *function) step(t *testing.T, secret, token, step string) error {
	t.Helper()
	event, err := json.Marshal(map[string]string{"Step": step, "SecretId": secret, "ClientRequestToken": token})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(f.a.python, "-c", "import json, sys, lambda_function; lambda_function.lambda_handler(json.load(sys.stdin), None)")
	cmd.Dir, cmd.Env, cmd.Stdin = f.dir, f.env, bytes.NewReader(event)
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("%s: %s", step, lines[len(lines)-1])
	}
	return nil
}

var steps = []string{"createSecret", "setSecret", "testSecret", "finishSecret"}

// rotate calls the steps, each several times: Secrets Manager tries again.
func (f *function) rotate(t *testing.T, secret string, times int) {
	t.Helper()
	token := uuid.NewString()
	for _, step := range steps {
		for range times {
			if err := f.step(t, secret, token, step); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, version := f.a.current(t, secret); version != token {
		t.Fatalf("version %s is the current one, not %s", version, token)
	}
}

// database is a real one with two users that oakum has made alike.
type database struct {
	kind      string
	address   string
	works     func(rotate.Credential) bool
	do        func(statements string)
	admin     rotate.Credential
	old       rotate.Credential // of app_a, which works; app_b rests
	different string            // a statement that gives app_b more than app_a has
}

func TestPostgres(t *testing.T) {
	pg := realtest.StartPostgres(t)
	p := secretOf(t)
	pg.Do(t, "CREATE DATABASE shop")
	in := func(user, password, statements string) (string, error) {
		return pg.Ask(user, password, "shop", statements)
	}
	if _, err := in(pg.User, pg.Password, "CREATE TABLE orders (id int); CREATE ROLE app_b LOGIN PASSWORD '"+store.Plain(p)+"'; GRANT SELECT ON orders TO app_b"); err != nil {
		t.Fatal(err)
	}
	db := database{kind: "postgres", address: pg.Address, admin: dbuser.With(pg.User, leak.NewSecret([]byte(pg.Password))),
		works: func(c rotate.Credential) bool {
			_, err := in(dbuser.Name(c), store.Plain(c[rotate.Password]), "SELECT id FROM orders")
			return err == nil
		},
		do:        func(statements string) { in(pg.User, pg.Password, statements) },
		different: "GRANT DELETE ON orders TO app_b"}
	r, err := postgres.New(t.Context(), settings(t, "sslmode: disable", db), options(db))
	if err != nil {
		t.Fatal(err)
	}
	db.old = firstTurn(t, r, dbuser.With("app_b", p))
	served(t, db)
}

func TestMariaDB(t *testing.T) {
	maria := realtest.StartMariaDB(t)
	p, admin := secretOf(t), secretOf(t)
	maria.Do(t, "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT); CREATE USER clerk IDENTIFIED BY '"+store.Plain(admin)+"'; GRANT ALL ON *.* TO clerk WITH GRANT OPTION; CREATE USER app_b IDENTIFIED BY '"+store.Plain(p)+"'; GRANT SELECT ON shop.orders TO app_b")
	db := database{kind: "mysql", address: maria.Address, admin: dbuser.With("clerk", admin),
		works: func(c rotate.Credential) bool {
			_, err := maria.Ask(dbuser.Name(c), store.Plain(c[rotate.Password]), "SELECT id FROM shop.orders")
			return err == nil
		},
		do:        func(statements string) { maria.Do(t, statements) },
		different: "GRANT DELETE ON shop.orders TO app_b"}
	r, err := mysql.New(t.Context(), settings(t, "tls: \"off\"", db), options(db))
	if err != nil {
		t.Fatal(err)
	}
	db.old = firstTurn(t, r, dbuser.With("app_b", p))
	served(t, db)
}

func secretOf(t *testing.T) leak.Secret {
	t.Helper()
	p, err := dbuser.Password()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func settings(t *testing.T, more string, db database) rotate.Settings {
	t.Helper()
	all, err := rotate.ReadSettings(strings.NewReader(fmt.Sprintf(`rotations:
- {name: app, kind: %s, store: "memory:", entry: prod/app, with: {addresses: ["%s"], database: shop, %s, users: [app_a, app_b], admin: {username: %s, password: "env:ADMIN"}}}`, db.kind, db.address, more, dbuser.Name(db.admin))))
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func options(db database) dbuser.Options {
	return dbuser.Options{Options: consumer.Options{Getenv: func(string) string { return store.Plain(db.admin[rotate.Password]) }}}
}

// firstTurn is oakum's own rotation, which makes the pair.
func firstTurn(t *testing.T, r rotate.Rotator, old rotate.Credential) rotate.Credential {
	t.Helper()
	fresh, err := r.Next(t.Context(), old, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Provision(t.Context(), rotate.Provision{Op: uuid.NewString(), Old: old, New: fresh}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Deactivate(t.Context(), old, fresh), r.Delete(t.Context(), old, fresh)); err != nil {
		t.Fatal(err)
	}
	return fresh
}

// served has Secrets Manager, as moto has it, rotate a real database's user by the
// generated function, run by the real Python.
func served(t *testing.T, db database) {
	a := newAccount(t)
	host, port, _ := net.SplitHostPort(db.address)
	fields := map[string]any{"engine": db.kind, "host": host, "port": port, "dbname": "shop", "username": dbuser.Name(db.old), "password": store.Plain(db.old[rotate.Password]), "note": "stays"}
	secret := a.secret(t, "prod/app", fields)
	admin := a.secret(t, "prod/admin", map[string]any{"host": host, "username": dbuser.Name(db.admin), "password": store.Plain(db.admin[rotate.Password])})
	f := a.generate(t, awsrotation.Function{Kind: db.kind, Secret: secret, Admin: admin, Users: dbuser.Pair{"app_a", "app_b"}, Check: "SELECT id FROM orders"})
	if err := f.step(t, secret, uuid.NewString(), "createSecret"); err == nil || !strings.Contains(err.Error(), "not set up for rotation") {
		t.Errorf("before it is configured: %v", err)
	}
	schedule := awsrotation.Schedule{Secret: secret, Function: a.function, Every: "rate(30 days)", Op: uuid.NewString()}
	for range 2 {
		if err := awsrotation.Configure(t.Context(), a.cfg, schedule); err != nil {
			t.Fatal(err)
		}
	}
	if n := a.gate.Passed("RotateSecret"); n != 1 {
		t.Errorf("it was configured %d times", n)
	}
	if got, _ := a.current(t, secret); !got.Equal(db.old) {
		t.Error("to configure it changes the credential")
	}
	f.rotate(t, secret, 1)
	second, _ := a.current(t, secret)
	if dbuser.Name(second) != "app_b" || !db.works(second) || !db.works(db.old) {
		t.Fatalf("%s works: %v; the one before it: %v", dbuser.Name(second), db.works(second), db.works(db.old))
	}
	f.rotate(t, secret, 2) // each call twice
	third, _ := a.current(t, secret)
	if dbuser.Name(third) != "app_a" || third.Equal(db.old) || !db.works(third) || !db.works(second) || db.works(db.old) {
		t.Errorf("%s works: %v; the one before it: %v; the oldest: %v", dbuser.Name(third), db.works(third), db.works(second), db.works(db.old))
	}
	doc, err := a.sm.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &secret})
	if err != nil || !strings.Contains(*doc.SecretString, `"stays"`) {
		t.Errorf("what else the secret held is gone: %v", err)
	}
	refusesFunction(t, f, db, secret, admin)
}

// refusesFunction: the function does nothing where it should not.
func refusesFunction(t *testing.T, f *function, db database, secret, admin string) {
	t.Helper()
	was, _ := f.a.current(t, secret)
	token := uuid.NewString()
	if err := f.step(t, secret, token, "setSecret"); err == nil || !strings.Contains(err.Error(), "does not wait") {
		t.Errorf("setSecret before createSecret: %v", err)
	}
	if err := f.step(t, secret, token, "createSecret"); err != nil {
		t.Fatal(err)
	}
	db.do(db.different)
	if err := f.step(t, secret, token, "setSecret"); err == nil || !strings.Contains(err.Error(), "do not have the same rights") {
		t.Errorf("where the users differ: %v", err)
	}
	// Somebody who may write the secret sends the admin to a host of theirs.
	theirs := fmt.Sprintf(`{"host": "192.0.2.1", "port": "1", "dbname": "shop", "username": "app_b", "password": %q}`, store.Plain(was[rotate.Password]))
	token = uuid.NewString()
	if _, err := f.a.sm.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &secret, ClientRequestToken: &token, SecretString: &theirs, VersionStages: []string{"AWSPENDING"}}); err != nil {
		t.Fatal(err)
	}
	if err := f.step(t, secret, token, "setSecret"); err == nil || !strings.Contains(err.Error(), "another database") {
		t.Errorf("a version of another host: %v", err)
	}
	if now, _ := f.a.current(t, secret); !now.Equal(was) || !db.works(was) {
		t.Error("the current credential changed")
	}
}

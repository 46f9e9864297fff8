//go:build !windows

package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
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

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// The identities of TestThreeClouds.
const (
	nodeRole  = "arn:aws:iam::123456789012:role/node-api"
	nodeArn   = "arn:aws:sts::123456789012:assumed-role/node-api/i-0abc"
	principal = "11111111-2222-3333-4444-555555555555"
	pythonJob = "job@my-project.iam.gserviceaccount.com"
)

// cloud is what one program has around it: the variables and services that its platform
// gives it.
type cloud struct {
	auth, role string
	env        []string
	command    []string
}

// TestThreeClouds has a Node.js API on AWS, a .NET service on Azure and a Python job on
// GCP log in to one Vault, each as what its platform says it is, and ask for
// database/creds/api-role. The engine makes three users, which are gone when nobody
// renews their leases any more.
func TestThreeClouds(t *testing.T) {
	l := newLender(t)
	realtest.Find(t, "node")
	p := realtest.StartPostgres(t)
	p.Do(t, `CREATE TABLE orders (n INT); INSERT INTO orders VALUES (42); CREATE ROLE shop_app LOGIN PASSWORD '`+l.password+`'; GRANT SELECT ON orders TO shop_app;
		CREATE ROLE dba SUPERUSER LOGIN PASSWORD '`+l.admin(t)+`'`)
	pair := strings.Fields(leaktest.Must(3, `{{awsID "123456789012"}} {{awsSecret}}`))
	front := newCloudFront(t, l.bao, aws.Credentials{AccessKeyID: pair[0], SecretAccessKey: pair[len(pair)-1], SessionToken: rand.Text()}, nodeArn)
	l.env = append(l.env, "VAULT_ADDR="+front.URL)
	l.settings(t, `kind: postgresql, database: postgres, address: "`+p.Address+`"`, fmt.Sprintf(`readers:
  node: {as: {iam_role: %q}}
  dotnet: {as: {azure: {principal: %s, subscription: sub-1, resource_group: shop}}}
  python: {as: {gcp: %s}}
`, nodeRole, principal, pythonJob))
	l.oakum(t, "remediate", "dynamic", "apply", "dynamic.yaml")
	clouds := threeClouds(t, front, platform{front.google, pythonJob, front.azure, principal})
	users := map[string][]string{}
	var running []*exec.Cmd
	for _, c := range clouds {
		running = append(running, l.in(t, front, c, os.Stderr))
		users[c.role] = l.eventually(t, c.role+".user", 1)
	}
	for role, user := range users {
		if err := loginAs(p, user, "SELECT n FROM orders"); err != nil {
			t.Errorf("%s: %v", role, err)
		}
		if err := loginAs(p, user, "DELETE FROM orders"); err == nil {
			t.Errorf("%s may do more than the old user", role)
		}
	}
	names := []string{users["node"][0], users["dotnet"][0], users["python"][0]}
	slices.Sort(names)
	if made := p.Do(t, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'v-%' ORDER BY rolname COLLATE \"C\""); made != strings.Join(names, "\n")+"\n" || len(slices.Compact(names)) != 3 {
		t.Errorf("three programs have %q", made)
	}
	if !slices.Equal(front.logins, []string{"aws", "azure", "gcp"}) {
		t.Errorf("they logged in by %q", front.logins)
	}
	for _, r := range running { // all at once: nobody is left to renew or to revoke
		killGroup(r)
	}
	begin := time.Now()
	for p.Do(t, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'v-%'") != "0\n" {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("users of three seconds are there after twenty")
		}
		time.Sleep(100 * time.Millisecond)
	}
	if took := time.Since(begin); took < time.Second/2 {
		t.Errorf("the users were gone after %s: not by the end of their leases", took)
	}
	t.Run("others", func(t *testing.T) { refused(t, l, front) })
}

// platform is who its services say that a program is, and the keys that they sign with.
type platform struct {
	google *rsa.PrivateKey
	email  string
	azure  *rsa.PrivateKey
	id     string
}

// threeClouds makes the platforms, with services written from their documentation.
func threeClouds(t *testing.T, front *cloudFront, is platform) []cloud {
	t.Helper()
	google := service(t, "Metadata-Flavor", "Google", func(r *http.Request) string {
		return sign(is.google, "google", map[string]any{"iss": "https://accounts.google.com", "sub": "1234", "email": is.email, "aud": r.URL.Query().Get("audience"), "exp": time.Now().Add(time.Hour).Unix()})
	})
	azure := service(t, "Metadata", "true", func(r *http.Request) string {
		if strings.HasSuffix(r.URL.Path, "/compute") {
			return `{"subscriptionId": "sub-1", "resourceGroupName": "shop", "name": "vm-1"}`
		}
		return `{"access_token": "` + sign(is.azure, "azure", map[string]any{"aud": r.URL.Query().Get("resource"), "oid": is.id, "exp": time.Now().Add(time.Hour).Unix(),
			"xms_mirid": "/subscriptions/sub-1/resourcegroups/shop/providers/Microsoft.Compute/virtualMachines/vm-1"}) + `"}`
	})
	return []cloud{
		{"aws", "node", []string{"AWS_ACCESS_KEY_ID=" + front.aws.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + front.aws.SecretAccessKey, "AWS_SESSION_TOKEN=" + front.aws.SessionToken, "AWS_REGION=eu-west-1"},
			[]string{"node", "-e", `require("fs").writeFileSync("node.user", process.env.DB_USER + " " + process.env.DB_PASSWORD + "\n"); setInterval(() => {}, 1000)`}},
		{"azure", "dotnet", []string{"AZURE_POD_IDENTITY_AUTHORITY_HOST=" + azure},
			dotnetService(t)},
		{"gcp", "python", []string{"GCE_METADATA_HOST=" + strings.TrimPrefix(google, "http://")},
			[]string{"python3", "-c", `import os, time; open("python.user", "w").write(os.environ["DB_USER"] + " " + os.environ["DB_PASSWORD"] + "\n"); time.sleep(60)`}},
	}
}

// dotnetService is the service on Azure, compiled.
func dotnetService(t *testing.T) (command []string) {
	t.Helper()
	dir := t.TempDir()
	const text = `using System;
using System.IO;
using System.Threading;

static class Service
{
    static void Main()
    {
        File.WriteAllText("dotnet.user", Environment.GetEnvironmentVariable("DB_USER") + " " + Environment.GetEnvironmentVariable("DB_PASSWORD") + "\n");
        Thread.Sleep(60000);
    }
}
`
	if err := os.WriteFile(filepath.Join(dir, "Service.cs"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return realtest.CSharp(t, dir, "Service.cs")
}

// service is a metadata service: it answers who sends its header.
func service(t *testing.T, header, value string, answer func(*http.Request) string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(header) != value {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Write([]byte(answer(r)))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// in starts a program on its platform, by oakum run. It has no token of Vault's.
func (l *lender) in(t *testing.T, front *cloudFront, c cloud, words io.Writer) *exec.Cmd {
	t.Helper()
	reference := "ref+vault://database/creds/api-role?auth=" + c.auth + "&role=" + c.role
	cmd := exec.Command(os.Args[0], append([]string{"run", "--"}, c.command...)...)
	cmd.Dir, cmd.Stderr = l.dir, words
	cmd.Env = append([]string{asProgram + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + l.dir, "OAKUM_STATE_DIR=" + l.dir, "VAULT_ADDR=" + front.URL,
		"AWS_CONFIG_FILE=" + filepath.Join(l.dir, "none"), "DB_USER=" + reference + "#/username", "DB_PASSWORD=" + reference + "#/password"}, c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // to end it with its program
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { killGroup(cmd) })
	return cmd
}

// killGroup ends a program and what it started, without a word to either.
func killGroup(cmd *exec.Cmd) {
	if cmd.ProcessState == nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	}
}

func loginAs(p *realtest.Postgres, user []string, statement string) error {
	_, err := p.Ask(user[0], user[1], "postgres", statement)
	return err
}

// refused: who is somebody else on his platform, or has his words signed by somebody
// else, gets nothing, and nothing is started.
func refused(t *testing.T, l *lender, front *cloudFront) {
	arn := front.arn
	front.arn = "arn:aws:sts::123456789012:assumed-role/other/i-0abc"
	others := threeClouds(t, front, platform{front.google, "other@my-project.iam.gserviceaccount.com", front.azure, "99999999-2222-3333-4444-555555555555"})
	for i, why := range []string{"does not belong to the role", "service principal not authorized", "is not authorized for role"} {
		l.isRefused(t, front, others[i], why)
	}
	front.arn = arn
	forged := threeClouds(t, front, platform{front.azure, pythonJob, front.google, principal})
	forged[0].env = slices.Concat(forged[0].env, []string{"AWS_SECRET_ACCESS_KEY=" + rand.Text()})
	for i, why := range []string{"SignatureDoesNotMatch", "signature is not good", "signature is not good"} {
		l.isRefused(t, front, forged[i], why)
	}
}

func (l *lender) isRefused(t *testing.T, front *cloudFront, c cloud, why string) {
	t.Helper()
	c.command = []string{"touch", "started"}
	var said bytes.Buffer
	cmd := l.in(t, front, c, &said)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(said.String(), why) {
		t.Errorf("%s: %v, expected %q: %s", c.auth, err, why, said.String())
	}
	if _, err := os.Stat(filepath.Join(l.dir, "started")); err == nil {
		t.Errorf("%s: the program was started", c.auth)
	}
}

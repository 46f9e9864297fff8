package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// oakum runs this program as oakum would, in an environment that the SDK sees too.
func oakum(t *testing.T, env map[string]string, args ...string) (out, words string, code int) {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{"HOME": home, "XDG_STATE_HOME": home, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(home, "none")} {
		t.Setenv(name, value)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL"} {
		t.Setenv(name, env[name])
	}
	var stdout, stderr bytes.Buffer
	code = cli.Run(t.Context(), program(), append([]string{"oakum-remediate"}, args...), os.Environ(), cli.Stdio{In: strings.NewReader(""), Out: &stdout, Err: &stderr})
	return stdout.String(), stderr.String(), code
}

// functionsOf serves one region's functions: one holds a static key. Waits are shown.
func functionsOf(t *testing.T, id, secret string) *httptest.Server {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/2015-03-31/functions") {
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`)
			return
		}
		if asked++; asked == 1 {
			w.Header().Set("X-Amzn-Errortype", "TooManyRequestsException")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		fmt.Fprintf(w, `{"Functions":[{"FunctionName":"mail","Version":"$LATEST","Environment":{"Variables":{"AWS_ACCESS_KEY_ID":%q,"AWS_SECRET_ACCESS_KEY":%q}}}]}`, id, secret)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestScanCIAWS(t *testing.T) {
	id, secret := leaktest.Must(1, `{{awsID "AKIA"}}`), leaktest.Must(2, `{{awsSecret}}`)
	env := map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": functionsOf(t, id, secret).URL}
	out, words, code := oakum(t, env, "scan", "ci", "aws", "--service", "lambda")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"aws-access-key-id", "aws:123456789012/eu-central-1/lambda/mail variable AWS_ACCESS_KEY_ID", "execution role", "1 denied"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not told:\n%s", want, out)
		}
	}
	if !strings.Contains(words, "AWS limits how often lambda:ListFunctions may be asked: waiting 1s") {
		t.Errorf("the wait is not shown: %s", words)
	}
	if strings.Contains(out+words, secret) || strings.Contains(out+words, id) {
		t.Error("the key is shown")
	}
}

func TestScanCIAWSUsage(t *testing.T) {
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
	for _, c := range []struct {
		env  map[string]string
		args string
		says string
	}{
		{nil, "--region eu-central-1", "find AWS credentials"},
		{map[string]string{"AWS_PROFILE": "none"}, "--region eu-central-1", "read AWS's configuration"},
		{keys, "", "no region: say --region NAME, or set AWS_REGION"},
		{keys, "--region a --all-regions", "say --region or --all-regions, not both"},
		{keys, "--region a --service s3", "no service is called"},
		{keys, "--region a lambda", "takes no arguments"},
	} {
		if out, words, code := oakum(t, c.env, append([]string{"scan", "ci", "aws"}, strings.Fields(c.args)...)...); code != 2 || out != "" || !strings.Contains(words, c.says) {
			t.Errorf("%s: exit code %d: %s%s", c.args, code, words, out)
		}
	}
}

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
)

// withoutProofs is moto for a caller who may not ask the account's simulator and
// analyzer, which moto has not.
func withoutProofs(t *testing.T) string {
	t.Helper()
	at, err := url.Parse(realtest.StartMoto(t))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(at)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		switch {
		case err != nil:
		case bytes.Contains(body, []byte("Action=SimulateCustomPolicy")):
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
		case strings.Contains(r.URL.Path, "check-no-new-access"):
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusForbidden)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// leakyFunction makes a function with a user's key in its variables, and gives the key's id.
func leakyFunction(t *testing.T, endpoint string) (client *lambda.Client, id string) {
	t.Helper()
	c := aws.Config{Region: "eu-west-1", BaseEndpoint: &endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""), HTTPClient: awscall.Whole(nil)}
	roles, ctx, name := iam.NewFromConfig(c), t.Context(), aws.String("orders")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := roles.CreateUser(ctx, &iam.CreateUserInput{UserName: name})
	must(err)
	k, err := roles.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: name})
	must(err)
	r, err := roles.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("basic"), AssumeRolePolicyDocument: aws.String("{}")})
	must(err)
	client = lambda.NewFromConfig(c)
	_, err = client.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: name, Role: r.Role.Arn, Runtime: types.RuntimePython313, Handler: aws.String("a.b"), Code: &types.FunctionCode{ZipFile: []byte("PK\x05\x06" + strings.Repeat("\x00", 18))},
		Environment: &types.Environment{Variables: map[string]string{"ORDERS_KEY_ID": *k.AccessKey.AccessKeyId, "ORDERS_KEY": *k.AccessKey.SecretAccessKey, "LEVEL": "info"}},
	})
	must(err)
	return client, *k.AccessKey.AccessKeyId
}

// TestIdentity takes a function from its key to its role by the command line, with a
// person who looks what the function is, and back.
func TestIdentity(t *testing.T) {
	endpoint := withoutProofs(t)
	client, id := leakyFunction(t, endpoint)
	dir, state := t.TempDir(), t.TempDir()
	settings := filepath.Join(dir, "identity.yaml")
	text := "version: 1\nkey: " + id + "\nrole: orders\nneeds: {also: [{action: 's3:GetObject', resource: 'arn:aws:s3:::orders/in.csv'}]}\nworkload: {lambda: {function: orders}}\nvariables: [ORDERS_KEY_ID, ORDERS_KEY]\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": endpoint}
	t.Setenv("OAKUM_STATE_DIR", state)
	ask := func(code int, says string, args ...string) string {
		t.Helper()
		out, words, got := oakum(t, env, append([]string{"remediate", "identity"}, args...)...)
		if got != code || !strings.Contains(out+words, says) {
			t.Fatalf("%q: exit code %d, expected %d with %q:\n%s%s", args, got, code, says, out, words)
		}
		if strings.Contains(out+words, id) {
			t.Errorf("%q shows the key's id", args)
		}
		return out + words
	}
	variables := func() map[string]string {
		t.Helper()
		f, err := client.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("orders")})
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]string{"role": *f.Role}
		for k, v := range f.Environment.Variables {
			all[k] = v
		}
		return all
	}
	before := variables()
	hash := regexp.MustCompile(`hash ([0-9a-f]{64})`).FindStringSubmatch(ask(0, "asks for --approve: take ORDERS_KEY, ORDERS_KEY_ID out of", "plan", settings))[1]
	const arn = "arn:aws:sts::123456789012:assumed-role/orders/orders"
	ask(2, "say --seen ARN", "apply", settings)
	ask(2, "is still", "apply", settings, "--seen", "arn:aws:iam::123456789012:user/orders")
	ask(2, "say --approve "+hash, "apply", settings, "--seen", arn)
	ask(2, "say --seen ARN", "apply", settings, "--approve", hash)
	ask(0, "the Lambda function orders is orders, and has no key of orders any more", "apply", settings, "--seen", arn)
	if all := variables(); len(all) != 2 || all["LEVEL"] != "info" || !strings.HasSuffix(all["role"], ":role/orders") {
		t.Errorf("the function has %d variables and the role %s", len(all)-1, all["role"])
	}
	ask(2, "nothing can be taken back; say --approve "+hash, "finish", settings, "--approve", "no")
	ask(0, "taken back", "undo", settings)
	if after := variables(); !maps.Equal(before, after) {
		t.Errorf("the function has %d variables and the role %s, and had %d and %s", len(after)-1, after["role"], len(before)-1, before["role"])
	}
	ask(2, "no run for these settings has begun", "undo", settings)
}

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// TestCanaryIsLeftAlone: an AWS canary that was moved into a store is not rotated, and AWS
// is not asked anything (FM-30). Of another account's key it is.
func TestCanaryIsLeftAlone(t *testing.T) {
	for account, canary := range map[string]bool{"052310077262": true, "123456789012": false} {
		var asked atomic.Int32
		aws := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.WriteHeader(http.StatusForbidden)
		}))
		defer aws.Close()
		vault := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serveKey(w, r, account) }))
		defer vault.Close()
		file := filepath.Join(t.TempDir(), "oakum-rotations.yaml")
		settings := "rotations:\n- {name: uploader, kind: aws-iam-key, store: \"vaultkv://secret\", entry: prod/uploader, with: {user: uploader, region: eu-central-1}}\n"
		if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("VAULT_ADDR", vault.URL)
		t.Setenv("VAULT_TOKEN", "t")
		env := map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL": aws.URL}
		_, words, code := oakum(t, env, "remediate", "rotate", "uploader", "--dry-run", "--rotations", file)
		if code != 2 || strings.Contains(words, "canary") != canary || (asked.Load() == 0) != canary {
			t.Errorf("account %s: exit code %d after %d calls to AWS: %s", account, code, asked.Load(), words)
		}
	}
}

// serveKey is a Vault that holds a key of an account.
func serveKey(w http.ResponseWriter, r *http.Request, account string) {
	switch {
	case strings.HasPrefix(r.URL.Path, "/v1/sys/internal/ui/mounts/"):
		fmt.Fprint(w, `{"data":{"type":"kv","options":{"version":"2"},"path":"secret/"}}`)
	case strings.HasSuffix(r.URL.Path, "/prod/uploader") && strings.HasPrefix(r.URL.Path, "/v1/secret/metadata/"):
		fmt.Fprint(w, `{"data":{"current_version":1,"versions":{"1":{}}}}`)
	case strings.HasSuffix(r.URL.Path, "/prod/uploader"):
		fmt.Fprintf(w, `{"data":{"data":{"access_key_id":%q,"secret_access_key":%q},"metadata":{"version":1}}}`, leaktest.Must(1, `{{awsID "AKIA" "`+account+`"}}`), leaktest.Must(2, `{{awsSecret}}`))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

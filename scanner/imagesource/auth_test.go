package imagesource_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/oakum-sec/oakum/scanner/imagesource"
)

const user, word = "robot", "open sesame"

// guarded is a registry that wants a login: basic, or a token from a service of its own
// (https://distribution.github.io/distribution/spec/auth/token/).
type guarded struct {
	host   string
	tokens bool
	mu     sync.Mutex
	asked  int // for tokens
}

func newGuarded(t *testing.T, tokens bool) *guarded {
	g := &guarded{tokens: tokens}
	inner := ggcr.New(ggcr.WithReferrersSupport(true), ggcr.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/token") {
			g.token(w, r)
			return
		}
		if !g.allowed(r) {
			challenge := `Basic realm="here"`
			if tokens {
				challenge = fmt.Sprintf(`Bearer realm="http://%s/token",service="reg"`, r.Host)
			}
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.host = strings.TrimPrefix(server.URL, "http://")
	return g
}

func (g *guarded) token(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.asked++
	g.mu.Unlock()
	if u, p, ok := r.BasicAuth(); !ok || u != user || p != word {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, `{"token": "let me in"}`)
}

func (g *guarded) allowed(r *http.Request) bool {
	if g.tokens {
		return r.Header.Get("Authorization") == "Bearer let me in"
	}
	u, p, ok := r.BasicAuth()
	return ok && u == user && p == word
}

// logins are the ways in which docker keeps a password.
func logins(t *testing.T, host string) map[string]string {
	ways := map[string]string{"auths": fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte(user+":"+word)))}
	if runtime.GOOS == "windows" {
		return ways // a script is no program there
	}
	bin := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\ncat >/dev/null\nprintf '{\"ServerURL\":\"%s\",\"Username\":\"%s\",\"Secret\":\"%s\"}'\n", host, user, word)
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-oakumtest"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	ways["credHelpers"] = fmt.Sprintf(`{"credHelpers":{%q:"oakumtest"}}`, host)
	ways["credsStore"] = `{"credsStore":"oakumtest"}`
	return ways
}

// Whoever docker lets in comes in: by a stored password, a helper's, and a token that is
// asked for once for all of a repository.
func TestLogins(t *testing.T) {
	seen := 0
	for _, tokens := range []bool{false, true} {
		g := newGuarded(t, tokens)
		ref := must(name.ParseReference(g.host + "/private/app:v1"))
		img := must(mutate.AppendLayers(empty.Image, gz(tarOf("a.env", token(90))), gz(tarOf("b.env", token(91))), gz(tarOf("c.env", token(92)))))
		if err := remote.Write(ref, img, remote.WithAuth(&authn.Basic{Username: user, Password: word})); err != nil {
			t.Fatal(err)
		}
		for way, config := range logins(t, g.host) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("DOCKER_CONFIG", dir)
			g.asked = 0
			got := scan(t, imagesource.New([]string{ref.String()}, imagesource.Options{}))
			if !slices.Equal(got.at, []string{"a.env", "b.env", "c.env"}) || len(got.gaps) > 0 {
				t.Errorf("%s, tokens %v: found at %q, gaps %v", way, tokens, got.at, got.gaps)
			}
			if tokens && (g.asked < 1 || g.asked > 2) {
				t.Errorf("%s: %d tokens were asked for", way, g.asked)
			}
			seen++
		}
		t.Setenv("DOCKER_CONFIG", t.TempDir())
		got := scan(t, imagesource.New([]string{ref.String()}, imagesource.Options{}))
		if len(got.gaps) != 1 || len(got.at) != 0 || strings.Contains(got.gaps[0].Error(), word) {
			t.Errorf("nobody, tokens %v: found at %q, gaps %v", tokens, got.at, got.gaps)
		}
	}
	if want := map[bool]int{true: 2, false: 6}[runtime.GOOS == "windows"]; seen != want {
		t.Errorf("%d ways in", seen)
	}
}

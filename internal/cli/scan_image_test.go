package cli_test

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

func imageLayer(t *testing.T, files ...string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[i+1]))
	}
	w.Close()
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// imageHost serves an image of two layers, with a token each, and counts requests for layers.
func imageHost(t *testing.T) (ref string, layers *atomic.Int64) {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image,
		imageLayer(t, "app/.env", leaktest.Must(1, "TOKEN={{github \"ghp_\"}}\n")), imageLayer(t, "app/.wh..env", "", "app/b.env", leaktest.Must(2, "TOKEN={{github \"ghp_\"}}\n")))
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	layers = &atomic.Int64{}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") && !strings.Contains(r.URL.Path, config.Hex) {
			layers.Add(1)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	ref = strings.TrimPrefix(server.URL, "http://") + "/team/app:v1"
	parsed, err := name.ParseReference(ref)
	if err == nil {
		err = remote.Write(parsed, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ref, layers
}

// A second scan with the same rules reads no layer and tells the same; other rules, a
// list to compare values with, values to be shown and --no-cache read all.
func TestLayersAreRemembered(t *testing.T) {
	ref, layers := imageHost(t)
	state, dir := t.TempDir(), t.TempDir()
	config, values := filepath.Join(dir, "rules.toml"), filepath.Join(dir, "values.json")
	if err := os.WriteFile(config, []byte("[extend]\nuseDefault = true\ndisabledRules = [\"jwt\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scan := func(args ...string) (string, int64) {
		t.Helper()
		var out, words bytes.Buffer
		layers.Store(0)
		code := cli.Main(t.Context(), append([]string{"oakum", "scan", "image", ref}, args...), []string{"OAKUM_STATE_DIR=" + state, "HOME=" + state}, cli.Stdio{In: strings.NewReader(""), Out: &out, Err: &words})
		if code != 1 {
			t.Fatalf("%v: exit %d\n%s%s", args, code, out.String(), words.String())
		}
		return out.String(), layers.Load()
	}
	first, _ := scan()
	if !strings.Contains(first, "deleted in layer 2, still shipped in layer 1") {
		t.Errorf("told:\n%s", first)
	}
	for _, c := range []struct {
		args []string
		want int64
	}{
		{nil, 0}, {[]string{"--jobs", "1"}, 0}, {[]string{"--no-cache"}, 2}, {[]string{"--config", config}, 2}, {[]string{"--config", config}, 0},
		{[]string{"--no-inline"}, 2}, {[]string{"--format", "json", "--reveal", "--output", values}, 2}, {nil, 0},
	} {
		got, n := scan(c.args...)
		if n != c.want {
			t.Errorf("%v: %d layers were read, not %d", c.args, n, c.want)
		}
		if len(c.args) == 0 && got != first {
			t.Errorf("the second time told:\n%s\nnot\n%s", got, first)
		}
	}
	text, err := os.ReadFile(values)
	if err != nil || !bytes.Contains(text, []byte(leaktest.Must(1, `{{github "ghp_"}}`))) {
		t.Errorf("--reveal shows no value: %v", err)
	}
}

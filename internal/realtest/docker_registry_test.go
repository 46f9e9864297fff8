package realtest_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// shopImage is an image, made and pushed here by the standard library alone.
type shopImage struct {
	config, manifest []byte
	layers           [][]byte // plain
	packed           [][]byte // gzip
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func tarred(t *testing.T, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[i+1]))})
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jarred(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err == nil {
		_, err = f.Write([]byte(text))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// newShopImage has a secret in each kind of place: a variable, a build argument, a file
// that is deleted later, a label, a jar's properties.
func newShopImage(t *testing.T) *shopImage {
	token := func(seed uint64) string { return leaktest.Must(seed, `{{github "ghp_"}}`) }
	img := &shopImage{layers: [][]byte{
		tarred(t, "app/.env", "TOKEN="+token(1)+"\n", "app/shop.jar", jarred(t, "BOOT-INF/application.properties", "api.token="+token(2)+"\n")),
		tarred(t, "app/.wh..env", ""),
	}}
	var ids, list []any
	for _, l := range img.layers {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := w.Write(l); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		img.packed = append(img.packed, b.Bytes())
		ids = append(ids, "sha256:"+digestOf(l))
		list = append(list, img.descriptor("application/vnd.oci.image.layer.v1.tar+gzip", b.Bytes()))
	}
	type object = map[string]any
	img.config = asJSON(t, object{"os": "linux", "architecture": "amd64", "rootfs": object{"type": "layers", "diff_ids": ids},
		"config":  object{"Env": []string{"TOKEN=" + token(3)}, "Labels": object{"deploy.token": token(4)}},
		"history": []object{{"created_by": "COPY . /app # buildkit"}, {"created_by": "|1 NPM_TOKEN=" + token(5) + " /bin/sh -c rm /app/.env"}}})
	img.manifest = asJSON(t, object{"schemaVersion": 2, "mediaType": ociManifest,
		"config": img.descriptor("application/vnd.oci.image.config.v1+json", img.config), "layers": list})
	return img
}

const ociManifest = "application/vnd.oci.image.manifest.v1+json"

func (*shopImage) descriptor(media string, b []byte) map[string]any {
	return map[string]any{"mediaType": media, "digest": "sha256:" + digestOf(b), "size": len(b)}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files are the image as an OCI layout.
func (img *shopImage) files(t *testing.T) []string {
	blob := func(b []byte) string { return "blobs/sha256/" + digestOf(b) }
	index := asJSON(t, map[string]any{"schemaVersion": 2, "manifests": []any{img.descriptor(ociManifest, img.manifest)}})
	files := []string{"oci-layout", `{"imageLayoutVersion":"1.0.0"}`, "index.json", string(index), blob(img.manifest), string(img.manifest), blob(img.config), string(img.config)}
	for _, l := range img.packed {
		files = append(files, blob(l), string(l))
	}
	return files
}

// forms writes the image as archives and as a folder, and gives the references.
func (img *shopImage) forms(t *testing.T) map[string]string {
	dir, files := t.TempDir(), img.files(t)
	for i := 0; i < len(files); i += 2 {
		put(t, filepath.Join(dir, "layout", files[i]), []byte(files[i+1]))
	}
	list := asJSON(t, []any{map[string]any{"Config": "c.json", "RepoTags": []string{"shop:v1"}, "Layers": []string{"1/layer.tar", "2/layer.tar"}}})
	put(t, filepath.Join(dir, "oci.tar"), tarred(t, files...))
	put(t, filepath.Join(dir, "docker.tar"), tarred(t, "c.json", string(img.config), "1/layer.tar", string(img.layers[0]), "2/layer.tar", string(img.layers[1]), "manifest.json", string(list)))
	return map[string]string{"oci": "oci:" + filepath.Join(dir, "layout"), "oci-archive": "oci-archive:" + filepath.Join(dir, "oci.tar"), "docker-archive": "docker-archive:" + filepath.Join(dir, "docker.tar")}
}

func put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, content, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// push sends the image as the distribution specification says
// (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push).
func (img *shopImage) push(t *testing.T, host string) string {
	send := func(method, url, media string, body []byte, want int) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", media)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Fatalf("%s %s: %s", method, url, resp.Status)
		}
		return resp
	}
	base := "http://" + host + "/v2/shop/app/"
	for _, b := range append(img.packed, img.config) {
		resp := send(http.MethodPost, base+"blobs/uploads/", "", nil, http.StatusAccepted)
		at, err := resp.Location() // absolute or not, with a query or without
		if err != nil {
			t.Fatal(err)
		}
		q := at.Query()
		q.Set("digest", "sha256:"+digestOf(b))
		at.RawQuery = q.Encode()
		send(http.MethodPut, at.String(), "application/octet-stream", b, http.StatusCreated)
	}
	send(http.MethodPut, base+"manifests/v1", ociManifest, img.manifest, http.StatusCreated)
	return host + "/shop/app:v1"
}

// startRegistry runs docker-registry until the test ends.
func startRegistry(t *testing.T) string {
	program, dir := realtest.Find(t, "docker-registry"), t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	config := filepath.Join(dir, "config.yml")
	put(t, config, fmt.Appendf(nil, "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), host))
	cmd := exec.Command(program, "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 200 {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return host
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("docker-registry does not answer")
	return ""
}

// ownRegistry is go-containerregistry's, in this process.
func ownRegistry(t *testing.T) string {
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// shopPlaces are where the image's secrets stand, and what becomes of the files.
var shopPlaces = []string{
	"app/.env: deleted in layer 2, still shipped in layer 1",
	"app/shop.jar!/BOOT-INF/application.properties: visible in the image",
	"config.Env[0]", `config.Labels["deploy.token"]`, "history[1].created_by",
}

// A real registry serves what archives hold, and so does one in this process: the same
// is found in each form, a second time without a layer being read, by tag, by all tags
// and by the catalog.
func TestDockerRegistry(t *testing.T) {
	oakum := filepath.Join(t.TempDir(), "oakum")
	build := exec.Command("go", "build", "-o", oakum, "./cmd/oakum")
	build.Dir, build.Env = filepath.Join("..", ".."), append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build oakum: %v\n%s", err, out)
	}
	img, host := newShopImage(t), startRegistry(t)
	ref := img.push(t, host)
	calls := [][]string{{img.push(t, ownRegistry(t))}, {ref}, {ref}, {"--no-cache", ref}, {"--all-tags", host + "/shop/app"}, {"--catalog", host}}
	for _, ref := range img.forms(t) {
		calls = append(calls, []string{ref}, []string{ref})
	}
	state := t.TempDir()
	for _, call := range calls {
		cmd := exec.Command(oakum, append([]string{"scan", "image", "--format", "json"}, call...)...)
		cmd.Env = append(os.Environ(), "OAKUM_STATE_DIR="+state, "DOCKER_CONFIG="+state)
		var words bytes.Buffer
		cmd.Stderr = &words
		out, err := cmd.Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
			t.Fatalf("%v: %v\n%s", call, err, words.String())
		}
		if got := placesIn(t, out); !slices.Equal(got, shopPlaces) {
			t.Errorf("%v: found at\n%s\nnot at\n%s", call, strings.Join(got, "\n"), strings.Join(shopPlaces, "\n"))
		}
	}
	if records, err := filepath.Glob(filepath.Join(state, "layers", "*.layer")); err != nil || len(records) != 4 { // two packed, two plain
		t.Errorf("%d layers are remembered, %v", len(records), err)
	}
}

func placesIn(t *testing.T, text []byte) (out []string) {
	t.Helper()
	var doc struct {
		Findings []struct {
			Place struct {
				Path, Field string
				Inner       []string
			}
			Notes []string
		}
		Gaps []any
	}
	if err := json.Unmarshal(text, &doc); err != nil || len(doc.Gaps) > 0 {
		t.Fatalf("%v, gaps %v", err, doc.Gaps)
	}
	for _, f := range doc.Findings {
		at := f.Place.Field
		if at == "" {
			at = strings.Join(append([]string{f.Place.Path}, f.Place.Inner...), "!/") + ": " + f.Notes[len(f.Notes)-1]
		}
		out = append(out, at)
	}
	slices.Sort(out)
	return out
}

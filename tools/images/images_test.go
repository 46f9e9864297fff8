package main

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// clone is what a release is made from: a commit, and nothing else.
func clone(t *testing.T) string {
	t.Helper()
	top, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "clone")
	if out, err := exec.Command("git", "clone", "-q", "--shared", top, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// An image is the program alone over the base, runs as nobody in particular, and is
// the same twice; what is pushed is what was written.
func TestImage(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/team"
	digests := map[string]bool{}
	var image v1.Image
	for _, args := range [][]string{{"-push", repository}, nil} {
		out := t.TempDir()
		if err := run(t.Context(), append([]string{"-source", clone(t), "-out", out, "-programs", "oakum", "-platforms", "linux/amd64"}, args...)); err != nil {
			t.Fatal(err)
		}
		image = only(t, filepath.Join(out, "oakum"))
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[digest.String()] = true
	}
	if len(digests) != 1 {
		t.Errorf("two images of one commit: %v", digests)
	}
	checkConfig(t, image)
	checkFiles(t, image)
	tags, err := remote.List(must(name.NewRepository(repository + "/oakum")))
	if err != nil || len(tags) != 1 {
		t.Fatalf("%v, %v", tags, err)
	}
	pushed, err := remote.Image(must(name.NewRepository(repository + "/oakum")).Tag(tags[0]))
	if err != nil {
		t.Fatal(err)
	}
	if digest, err := pushed.Digest(); err != nil || !digests[digest.String()] {
		t.Errorf("%v was pushed, %v", digest, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// only is the image of a layout that holds one.
func only(t *testing.T, dir string) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	for {
		manifest, err := index.IndexManifest()
		if err != nil || len(manifest.Manifests) != 1 {
			t.Fatalf("%+v, %v", manifest, err)
		}
		one := manifest.Manifests[0]
		if one.MediaType.IsImage() {
			image, err := index.Image(one.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return image
		}
		if index, err = index.ImageIndex(one.Digest); err != nil {
			t.Fatal(err)
		}
	}
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != nonroot || strings.Join(config.Config.Entrypoint, " ") != "/ko-app/oakum" || config.Created.IsZero() {
		t.Errorf("%+v", config)
	}
	if config.Config.Labels["org.opencontainers.image.revision"] == "" {
		t.Errorf("%v", config.Config.Labels)
	}
}

func checkFiles(t *testing.T, image v1.Image) {
	t.Helper()
	files := mutate.Extract(image)
	defer files.Close()
	found := map[string]int64{}
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			found[strings.TrimPrefix(h.Name, "/")] = h.Size
		}
	}
	if found["ko-app/oakum"] < 10<<20 || found["etc/ssl/certs/ca-certificates.crt"] < 100<<10 || found["etc/passwd"] == 0 || len(found) != 4 {
		t.Errorf("%v", found)
	}
}

func TestImageRefusesChanges(t *testing.T) {
	dir := clone(t)
	if out, err := exec.Command("git", "-C", dir, "rm", "-q", "--cached", "LICENSE").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := run(context.Background(), []string{"-source", dir, "-out", t.TempDir()}); err == nil || !strings.Contains(err.Error(), "has changes") {
		t.Errorf("made of a changed tree: %v", err)
	}
}

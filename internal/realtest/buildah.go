package realtest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// buildahPackages are the builder, what it is linked with, its configuration, a shell for
// images that have nothing else, and what tells it where its libraries lie. They are
// unpacked, not installed.
var buildahPackages = []string{"buildah", "libgpgme11", "libassuan0", "libdevmapper1.02.1", "golang-github-containers-common", "golang-github-containers-image", "busybox-static", "patchelf"}

// buildah builds images from Dockerfiles without a daemon. It runs itself again out of
// memory and with an empty environment, so its libraries' folder is written into it.
func buildah() Part {
	return Part{
		Name:    "buildah",
		Program: "usr/bin/buildah",
		recipe:  "apt-get download; dpkg -x; patchelf: " + strings.Join(buildahPackages, " "),
		bring: func(ctx context.Context, dir string) error {
			for _, name := range buildahPackages {
				if err := unpack(ctx, dir, name); err != nil {
					return err
				}
			}
			libraries := filepath.Join(dir, "usr/lib/x86_64-linux-gnu") + ":" + filepath.Join(dir, "lib/x86_64-linux-gnu")
			for _, file := range []string{"usr/bin/buildah", "usr/lib/x86_64-linux-gnu/libgpgme.so.11"} {
				if err := run(ctx, dir, filepath.Join(dir, "usr/bin/patchelf"), "--force-rpath", "--set-rpath", libraries, filepath.Join(dir, file)); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// Buildah is a builder with a store of images of its own.
type Buildah struct {
	dir, store string
	mounts     map[string]string
}

// FindBuildah gives a test a builder whose store is empty. Steps of Dockerfiles run in a
// chroot, for which it must be root.
func FindBuildah(t testing.TB) *Buildah {
	t.Helper()
	program := Find(t, "buildah")
	if os.Geteuid() != 0 {
		t.Skip("buildah's steps run in a chroot, which is root's to make")
	}
	return &Buildah{filepath.Dir(filepath.Dir(filepath.Dir(program))), t.TempDir(), map[string]string{}}
}

// Do runs a command of buildah's, and gives the last line that it prints: an id.
func (b *Buildah) Do(t testing.TB, command string, args ...string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(b.output(t, command, args...))), "\n")
	return lines[len(lines)-1]
}

func (b *Buildah) output(t testing.TB, command string, args ...string) []byte {
	t.Helper()
	policy := filepath.Join(b.dir, "etc/containers/policy.json")
	all := []string{"--root", filepath.Join(b.store, "images"), "--runroot", filepath.Join(b.store, "run"), "--storage-driver", "vfs",
		"--registries-conf", filepath.Join(b.dir, "etc/containers/registries.conf"), "--registries-conf-dir", filepath.Join(b.store, "none"), command}
	switch command {
	case "bud":
		all = append(all, "--isolation", "chroot", "--pull-never", "--signature-policy", policy)
	case "commit", "push", "from":
		all = append(all, "--signature-policy", policy)
	}
	cmd := exec.Command(filepath.Join(b.dir, "usr/bin/buildah"), append(all, args...)...)
	cmd.Env = append(cmd.Environ(), "CONTAINERS_CONF="+filepath.Join(b.dir, "usr/share/containers/containers.conf"), "TMPDIR="+b.store)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("buildah %s: %v\n%s\n%s", command, err, out, words.Bytes())
	}
	return out
}

// Config is what an image says of the program that it is for.
type Config struct {
	Env        []string
	Cmd        []string
	WorkingDir string
}

// Config reads an image's.
func (b *Buildah) Config(t testing.TB, image string) (c Config) {
	t.Helper()
	var told struct{ OCIv1 struct{ Config Config } }
	if err := json.Unmarshal(b.output(t, "inspect", "--type", "image", image), &told); err != nil {
		t.Fatalf("buildah inspect: %v", err)
	}
	return told.OCIv1.Config
}

// Mount is the folder in which an image's files are, until the store goes.
func (b *Buildah) Mount(t testing.TB, image string) string {
	t.Helper()
	if b.mounts[image] == "" {
		b.mounts[image] = b.Do(t, "mount", b.Do(t, "from", "--pull-never", image))
	}
	return b.mounts[image]
}

var linked = regexp.MustCompile(`/[^ ]*lib[^ ]*\.so[^ ]*`)

// Node makes a base image of the system's own node and npm, for no registry of images is
// at hand. more are folders of the host, by their place in the image.
func (b *Buildah) Node(t testing.TB, name string, more map[string]string) {
	t.Helper()
	node, root := Find(t, "node"), filepath.Join(b.store, "base")
	npm, err := exec.LookPath("npm")
	if err == nil {
		npm, err = filepath.EvalSymlinks(npm) // …/node_modules/npm/bin/npm-cli.js
	}
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"bin/busybox": filepath.Join(b.dir, "bin/busybox"), "usr/bin/node": node}
	out, err := exec.Command("ldd", node).Output()
	if err != nil {
		t.Fatalf("ldd: %v", err)
	}
	for _, library := range linked.FindAllString(string(out), -1) {
		files[library] = library
	}
	for to, from := range files {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		place(t, filepath.Join(root, to), text, 0o755)
	}
	for link, to := range map[string]string{"bin/sh": "busybox", "bin/env": "busybox", "usr/bin/env": "../../bin/busybox", "usr/bin/npm": "../lib/node_modules/npm/bin/npm-cli.js"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, link)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	folders := map[string]string{"usr/lib/node_modules/npm": filepath.Dir(filepath.Dir(npm))}
	for to, from := range more {
		folders[to] = from
	}
	for to, from := range folders {
		copyFolder(t, filepath.Join(root, to), from)
	}
	for _, dir := range []string{"tmp", "root"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	place(t, filepath.Join(root, "etc/passwd"), []byte("root:x:0:0:root:/root:/bin/sh\n"), 0o644)
	made := b.Do(t, "from", "scratch")
	b.Do(t, "add", made, root, "/")
	b.Do(t, "config", "--env", "PATH=/usr/bin:/bin", made)
	b.Do(t, "commit", made, name)
}

func place(t testing.TB, at string, text []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, text, mode); err != nil {
		t.Fatal(err)
	}
}

// copyFolder leaves documentation out, which is half of a package and shows examples of
// credentials.
func copyFolder(t testing.TB, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(path, ".md") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		place(t, filepath.Join(to, rel), text, info.Mode().Perm())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

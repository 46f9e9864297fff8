//go:build linux

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// TestOrdersInImage builds the sample's Dockerfile before and after, on a base image of
// the system's own Node.js: the leak is found in the first image, and nothing in the
// second, whose program then runs in its own files with a task's role alone.
func TestOrdersInImage(t *testing.T) {
	b := realtest.FindBuildah(t)
	moto, pair := realtest.StartMoto(t), leaktest.Must(7, `{{awsID "ASIA"}} {{awsSecret}}`)
	s := newShop(t, 7, inAWS(t, moto, pair)...)
	b.Node(t, "docker.io/library/node:20-slim", map[string]string{"app/node_modules": realtest.Find(t, "node-libraries")})

	out, code := s.image(t, b, "before")
	if code != 1 || !strings.Contains(out, "NPM_TOKEN") || strings.Count(out, "verdict deny") < 9 {
		t.Errorf("the image before: exit code %d\n%s", code, out)
	}
	if held := s.holds(t, b, "before"); len(held) < 10 {
		t.Errorf("the image before holds %v", held)
	}
	s.must(t, "remediate", "plan", "--in-place", "--to", "awssecrets:", "--store-prefix", "prod", ".")
	s.must(t, "remediate", "apply", "oakum-plan.json")
	if out, code := s.image(t, b, "after"); code != 0 || strings.Contains(out, "denied") {
		t.Errorf("the image after: exit code %d\n%s", code, out)
	}
	if held := s.holds(t, b, "after"); len(held) > 0 {
		t.Errorf("the image after holds %v", held)
	}

	config := b.Config(t, "after")
	address, own := s.place(t)
	cmd := exec.Command("/usr/bin/"+config.Cmd[0], config.Cmd[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: b.Mount(t, "after")}
	cmd.Dir, cmd.Env = config.WorkingDir, append(append(inTask(t, moto, pair), config.Env...), own...)
	for _, set := range cmd.Env {
		if name, _, _ := strings.Cut(set, "="); strings.HasPrefix(name, "AWS_ACCESS") || strings.HasPrefix(name, "AWS_SECRET") {
			t.Errorf("%s is in its environment", name)
		}
	}
	defer s.await(t, cmd, address)()
	if got := page(t, address, "/orders"); !strings.Contains(got, "rope") {
		t.Errorf("/orders: %s", got)
	}
}

// image builds the project's image and scans it.
func (s *shop) image(t *testing.T, b *realtest.Buildah, name string) (out string, code int) {
	t.Helper()
	layout := filepath.Join(t.TempDir(), name)
	b.Do(t, "bud", "-t", name, s.dir)
	b.Do(t, "push", name, "oci:"+layout+":1")
	return s.oakum(t, "scan", "image", "oci:"+layout)
}

// holds are the values that stand in an image's files or configuration.
func (s *shop) holds(t *testing.T, b *realtest.Buildah, image string) (held []string) {
	t.Helper()
	look := func(where string, text []byte) {
		for name, v := range s.values {
			if bytes.Contains(text, []byte(v)) {
				held = append(held, name+" in "+where)
			}
		}
	}
	look("its configuration", []byte(strings.Join(b.Config(t, image).Env, "\n")))
	root := b.Mount(t, image)
	err := filepath.WalkDir(filepath.Join(root, "app"), func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		look(strings.TrimPrefix(path, root), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return held
}

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// setup is the image in all its forms, and a second tag of it with one layer more.
type setup struct {
	Layers           int
	Packed, Unpacked int64
	Hosts            []host
	scratch, oakum   string
	ends             []func()
}

// host is a registry on this machine.
type host struct{ Name, At string }

func (h host) ref(tag string) string { return h.At + "/bench/app:" + tag }

// start makes the setup in a process of its own: what that holds counts for no child
// of this one, whose first page tables are its parent's.
func start(ctx context.Context, scratch, image string) (s *setup, end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-setup", scratch, "-image", image)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, nil, err
	}
	end = func() { in.Close(); cmd.Wait() }
	s = &setup{scratch: scratch}
	if err := json.NewDecoder(out).Decode(s); err != nil {
		end()
		return nil, nil, fmt.Errorf("make the image's forms: %w", err)
	}
	return s, end, nil
}

// serve makes the setup, tells of it and keeps it until stdin ends.
func serve(ctx context.Context, scratch, image string) error {
	s := &setup{scratch: scratch}
	defer s.close()
	if err := s.make(ctx, image); err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

func (s *setup) at(name string) string { return filepath.Join(s.scratch, name) }

func (s *setup) close() {
	for _, end := range s.ends {
		end()
	}
}

func (s *setup) make(ctx context.Context, dir string) error {
	if err := build(ctx, s.at("pull"), "./pull"); err != nil {
		return err
	}
	one, err := imageIn(dir)
	if err != nil {
		return err
	}
	two, err := mutate.AppendLayers(one, small())
	if err != nil {
		return err
	}
	for tag, img := range map[string]v1.Image{"": one, "2": two} {
		if err := s.archives(tag, img); err != nil {
			return err
		}
	}
	if err := s.measure(one); err != nil {
		return err
	}
	s.inProcess()
	if err := s.apts(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "images: going on without docker-registry:", err)
	}
	for _, h := range s.Hosts {
		for tag, img := range map[string]v1.Image{"v1": one, "v2": two} {
			ref, err := name.ParseReference(h.ref(tag))
			if err == nil {
				err = remote.Write(ref, img, remote.WithContext(ctx))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// imageIn is the first image of a layout.
func imageIn(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, d := range list.Manifests {
		if d.MediaType.IsImage() {
			return index.Image(d.Digest)
		}
	}
	return nil, fmt.Errorf("no image in %s", dir)
}

// small is a layer of one file.
func small() v1.Layer {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	text := []byte("port = 8080\n")
	w.WriteHeader(&tar.Header{Name: "app/app.conf", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))})
	w.Write(text)
	w.Close() // into memory: none of the three fails
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		panic(err) // of a tar that was made here
	}
	return l
}

// archives writes an OCI archive, as the layout's files are, and what docker save and
// skopeo write, whose layers are not compressed.
func (s *setup) archives(tag string, img v1.Image) error {
	dir := s.at("layout" + tag)
	if _, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})); err != nil {
		return err
	}
	if out, err := exec.Command("tar", "-C", dir, "-cf", s.at("oci"+tag+".tar"), ".").CombinedOutput(); err != nil {
		return fmt.Errorf("tar: %w\n%s", err, out)
	}
	return saved(s.at("docker"+tag+".tar"), img)
}

// measure adds up the layers' sizes.
func (s *setup) measure(img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	s.Layers = len(layers)
	for _, l := range layers {
		n, err := l.Size()
		if err != nil {
			return err
		}
		s.Packed += n
		r, err := l.Uncompressed()
		if err != nil {
			return err
		}
		n, err = io.Copy(io.Discard, r)
		if r.Close(); err != nil {
			return err
		}
		s.Unpacked += n
	}
	return nil
}

// gunzip is a shell's line that decompresses each layer.
func (s *setup) gunzip() string {
	return "for l in " + s.at("layout") + `/blobs/sha256/*; do gunzip -c <"$l" 2>/dev/null; done; true`
}

func (s *setup) inProcess() {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	s.ends = append(s.ends, server.Close)
	s.Hosts = append(s.Hosts, host{"this process", strings.TrimPrefix(server.URL, "http://")})
}

// apts starts the distribution's registry (docker-registry 2.8), if it is there.
func (s *setup) apts(ctx context.Context) error {
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	at := l.Addr().String()
	l.Close()
	config := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\n", s.at("registry"), at)
	if err := os.WriteFile(s.at("registry.yml"), []byte(config), 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "serve", s.at("registry.yml"))
	if err := cmd.Start(); err != nil {
		return err
	}
	s.ends = append(s.ends, func() { cmd.Process.Kill(); cmd.Wait() })
	for range 100 {
		if resp, err := http.Get("http://" + at + "/v2/"); err == nil {
			resp.Body.Close()
			s.Hosts = append(s.Hosts, host{"docker-registry", at})
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("it does not answer at %s", at)
}

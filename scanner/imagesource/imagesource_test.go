package imagesource_test

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func tarOf(files ...string) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			panic(err)
		}
		must(w.Write([]byte(files[i+1])))
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func packed(open func(io.Writer) io.WriteCloser, text []byte) []byte {
	var b bytes.Buffer
	w := open(&b)
	must(w.Write(text))
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gzipped(text []byte) []byte {
	return packed(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }, text)
}

func token(seed uint64) string { return leaktest.Must(seed, `{{github "ghp_"}}`) }

func jar() string {
	return string(gzipped(tarOf("conf/app.properties", "token="+token(20)+"\n")))
}

// lowest, middle and top are layers in which a file is deleted, one is overwritten,
// a folder is emptied and one goes with what is in it.
var (
	lowest = tarOf("./app/.env", "TOKEN="+token(1)+"\n", "app/keep.env", "TOKEN="+token(2)+"\n", "opt/a/deep.env", token(3), "var/cache/x.env", token(4))
	middle = tarOf("etc/app.conf", "token = "+token(5)+"\n", "lib/app.tgz", jar())
	top    = tarOf("app/.wh..env", "", "etc/app.conf", "none\n", "opt/.wh.a", "", "var/cache/.wh..wh..opq", "")
)

// fates are what is to be said of each file's finding.
var fates = map[string]string{
	"app/.env":                         "deleted in layer 3, still shipped in layer 1",
	"app/keep.env":                     "visible in the image",
	"opt/a/deep.env":                   "deleted in layer 3, still shipped in layer 1",
	"var/cache/x.env":                  "deleted in layer 3, still shipped in layer 1",
	"etc/app.conf":                     "overwritten in layer 3, still shipped in layer 2",
	"lib/app.tgz!/conf/app.properties": "visible in the image",
}

func configured(img v1.Image) v1.Image {
	conf := must(img.ConfigFile()).DeepCopy()
	conf.Config.Env = []string{"PATH=/bin", "TOKEN=" + token(10), leaktest.Must(11, `AWS_ACCESS_KEY_ID={{awsID "AKIA"}}`), leaktest.Must(12, `AWS_SECRET_ACCESS_KEY={{awsSecret}}`)}
	conf.Config.Labels = map[string]string{"build.token": token(13), "a": "b"}
	conf.Config.Cmd = []string{"run", "--token", token(14)}
	conf.Config.Entrypoint = []string{"/bin/sh", "-c", "x " + token(15)}
	conf.Config.Healthcheck = &v1.HealthConfig{Test: []string{"CMD", "curl", token(16)}}
	conf.Config.OnBuild = []string{"ENV T=" + token(17)}
	conf.OS, conf.Architecture = "linux", "amd64"
	return must(mutate.ConfigFile(img, conf))
}

// fields are where the configuration's secrets stand.
var fields = []string{
	"config.Env[1]", "config.Env[2]", `config.Labels["build.token"]`, "config.Entrypoint", "config.Cmd",
	"config.Healthcheck.Test", "config.OnBuild[0]", "history[1].created_by", `annotations["note"]`,
}

func build() v1.Image {
	img := configured(must(mutate.Append(empty.Image,
		mutate.Addendum{Layer: gz(lowest), History: v1.History{CreatedBy: "COPY . /app # buildkit"}},
		mutate.Addendum{Layer: gz(middle), History: v1.History{CreatedBy: "|1 T=" + token(18) + " /bin/sh -c npm ci"}},
		mutate.Addendum{Layer: gz(top), History: v1.History{CreatedBy: "/bin/sh -c rm -r /app/.env /opt/a"}},
	)))
	return mutate.Annotations(img, map[string]string{"note": token(19)}).(v1.Image)
}

// gz is a layer that knows its diff id, as a static one does not.
func gz(text []byte) v1.Layer {
	return must(tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }, tarball.WithMediaType(types.OCILayer)))
}

// forms writes the image in every form, and gives the references.
func forms(t *testing.T, img v1.Image) map[string]string {
	dir, tag := t.TempDir(), must(name.NewTag("shop/app:v1"))
	docker := filepath.Join(dir, "docker.tar")
	if err := tarball.WriteToFile(docker, tag, img); err != nil {
		t.Fatal(err)
	}
	text := must(os.ReadFile(docker))
	write := func(name string, text []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	path := must(layout.Write(filepath.Join(dir, "layout"), empty.Index))
	if err := path.AppendImage(img, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "v1"})); err != nil {
		t.Fatal(err)
	}
	oci := filepath.Join(dir, "layout")
	var files []string
	err := filepath.Walk(oci, func(p string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			rel := must(filepath.Rel(oci, p))
			files = append(files, "./"+filepath.ToSlash(rel), string(must(os.ReadFile(p))))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	ref := push(t, "shop/app:v1", img)
	return map[string]string{
		"docker-archive":        "docker-archive:" + docker,
		"docker-archive, gzip":  "docker-archive:" + write("docker.tar.gz", gzipped(text)),
		"docker-archive, zstd":  "docker-archive:" + write("docker.tar.zst", packed(func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) }, text)),
		"called oci-archive":    "oci-archive:" + docker,
		"oci":                   "oci:" + oci,
		"oci, tagged":           "oci:" + oci + ":v1",
		"oci-archive":           "oci-archive:" + write("oci.tar", tarOf(files...)),
		"called docker-archive": "docker-archive:" + write("oci2.tar", tarOf(files...)),
		"registry":              ref,
	}
}

// push serves the image from a registry on this machine.
func push(t *testing.T, path string, img v1.Image) string {
	t.Helper()
	return pushTo(t, serve(t), path, img)
}

func pushTo(t *testing.T, host, path string, img v1.Image) string {
	t.Helper()
	ref := must(name.ParseReference(host + "/" + path))
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

func serve(t *testing.T) string {
	server := httptest.NewServer(ggcr.New(ggcr.WithReferrersSupport(true), ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

type told struct {
	at   []string // places without image and layer, sorted
	fate map[string]string
	by   map[string]string // instruction
	gaps []*leak.Gap
	sum  scanner.Summary
	all  []*leak.Finding
}

func scan(t *testing.T, src *imagesource.Source) (out told) {
	t.Helper()
	out.fate, out.by = map[string]string{}, map[string]string{}
	var err error
	out.sum, err = scanner.New(builtin.Set(), scanner.Options{Jobs: 4}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Gap != nil:
			out.gaps = append(out.gaps, e.Gap)
		case e.Finding != nil:
			src.Settle(e.Finding)
			out.add(e.Finding)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(out.at)
	return out
}

func (o *told) add(f *leak.Finding) {
	o.all = append(o.all, f)
	switch p := f.Place.(type) {
	case leak.ImageConfig:
		o.at = append(o.at, p.Field)
	case leak.ImageFile:
		o.at = append(o.at, p.Path())
		if n := len(f.Notes); n > 1 { // of a layer
			o.by[p.Path()], o.fate[p.Path()] = f.Notes[n-2], f.Notes[n-1]
		}
	}
}

// Whatever an image comes in, the same is found in it: in files that are there no
// more, in its settings, in what is packed in its files.
func TestEveryFormTellsTheSame(t *testing.T) {
	want := slices.Sorted(slices.Values(slices.Concat(fields, slices.Collect(maps.Keys(fates)))))
	noNote := slices.DeleteFunc(slices.Clone(want), func(s string) bool { return strings.HasPrefix(s, "annotations") })
	seen := 0
	for form, ref := range forms(t, build()) {
		got := scan(t, imagesource.New([]string{ref}, imagesource.Options{}))
		expect := want
		if strings.Contains(ref, "docker.tar") {
			expect = noNote // docker's own format has no annotations
		}
		if !slices.Equal(got.at, expect) {
			t.Errorf("%s: found at\n%q, not at\n%q", form, got.at, expect)
		}
		if !maps.Equal(got.fate, fates) {
			t.Errorf("%s: fates %q", form, got.fate)
		}
		if by := got.by["etc/app.conf"]; by != "layer 2 of 3, made by: RUN npm ci" {
			t.Errorf("%s: the layer is %q", form, by)
		}
		for _, g := range got.gaps {
			t.Errorf("%s: gap %v", form, g)
		}
		seen++
	}
	if seen != 9 {
		t.Errorf("%d forms were read", seen)
	}
}

// The pair stands in two variables: its id is found with its secret.
func TestVariablesArePaired(t *testing.T) {
	got := scan(t, imagesource.New([]string{push(t, "a:b", build())}, imagesource.Options{}))
	for _, f := range got.all {
		if p, ok := f.Place.(leak.ImageConfig); ok && p.Field == "config.Env[2]" {
			if len(f.Parts) != 1 || f.Line != 0 || f.Span.Start != int64(len("AWS_ACCESS_KEY_ID=")) {
				t.Errorf("the key id has %d parts, line %d, span %v", len(f.Parts), f.Line, f.Span)
			}
			return
		}
	}
	t.Error("no key id was found")
}

func TestConformance(t *testing.T) {
	refs := forms(t, build())
	for _, form := range []string{"docker-archive", "docker-archive, gzip", "oci", "oci-archive", "registry"} {
		t.Run(form, func(t *testing.T) {
			sourcetest.Run(t, builtin.Set(), 4, func(*testing.T) scanner.Source { return imagesource.New([]string{refs[form]}, imagesource.Options{}) })
		})
	}
}

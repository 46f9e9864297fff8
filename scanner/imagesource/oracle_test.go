package imagesource_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// texts are what files of made-up images hold.
var texts = []string{
	"TOKEN={{github \"ghp_\"}}\n", "plain words\n", "aws_access_key_id = {{awsID \"AKIA\"}}\naws_secret_access_key = {{awsSecret}}\n",
	"first\n\n  password: \"{{alnum 24}}\"\n", "", "key={{npm}}\nand {{github \"gho_\"}}\n",
}

// randomLayer is a layer of some files in some folders, plain, packed, deleted.
func randomLayer(r *rand.Rand) []byte {
	var files []string
	for range 1 + r.IntN(6) {
		dir := []string{"app/", "./etc/", "opt/deep/er/", ""}[r.IntN(4)]
		file := fmt.Sprintf("%sf%d", dir, r.IntN(5))
		text := leaktest.Must(r.Uint64(), texts[r.IntN(len(texts))])
		switch r.IntN(6) {
		case 0:
			file, text = file+".tgz", string(gzipped(tarOf("in/side.env", text)))
		case 1:
			file, text = dir+".wh.f1", ""
		default:
			file += ".env"
		}
		if !slices.Contains(files, file) {
			files = append(files, file, text)
		}
	}
	return tarOf(files...)
}

// layerIn packs a layer in one of the ways that images know.
func layerIn(r *rand.Rand, text []byte) v1.Layer {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	if r.IntN(3) == 0 {
		return must(tarball.LayerFromOpener(open, tarball.WithCompression("zstd"), tarball.WithMediaType(types.OCILayerZStd)))
	}
	return must(tarball.LayerFromOpener(open, tarball.WithMediaType(types.OCILayer)))
}

// seen is a finding without what only images have.
func seen(layer, path string, f *leak.Finding) string {
	return fmt.Sprintf("%s %s %s %d:%d %v %q", layer, path, f.Rule, f.Line, f.Column, f.Span, f.Key)
}

// unpacked writes what a layer holds into files, by the standard library alone, and
// scans these.
func unpackedFindings(t *testing.T, l v1.Layer) (out []string) {
	t.Helper()
	r := must(l.Uncompressed())
	defer r.Close()
	dir := t.TempDir()
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		file := filepath.Join(dir, filepath.Clean("/"+must(h, err).Name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, must(io.ReadAll(tr)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots := filesource.Named(dir)
	roots[0].Name = ""
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), filesource.New(roots, filesource.Options{}), func(e scanner.Event) error {
		if e.Gap != nil {
			t.Errorf("gap %v", e.Gap)
		}
		if e.Finding != nil {
			out = append(out, seen(must(l.Digest()).String(), strings.TrimPrefix(e.Finding.Place.Path(), "/"), e.Finding))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

// The image oracle: what is found in an image's layers is what is found in the files
// of each, exported and unpacked.
func TestLayersAreTheirFiles(t *testing.T) {
	host, images, findings := serve(t), 0, 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 61))
		var layers []v1.Layer
		var want []string
		for range 1 + r.IntN(4) {
			l := layerIn(r, randomLayer(r))
			if !slices.ContainsFunc(layers, func(o v1.Layer) bool { return must(o.Digest()) == must(l.Digest()) }) {
				layers = append(layers, l)
				want = append(want, unpackedFindings(t, l)...)
			}
		}
		img := must(mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layers...))
		got := scan(t, imagesource.New([]string{pushTo(t, host, fmt.Sprintf("o/r%d:v1", seed), img)}, imagesource.Options{}))
		var have []string
		for _, f := range got.all {
			have = append(have, seen(f.Place.(leak.ImageFile).Layer, f.Place.Path(), f))
		}
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) || len(got.gaps) > 0 {
			t.Errorf("seed %d, gaps %v: found\n%s\nnot\n%s", seed, got.gaps, strings.Join(have, "\n"), strings.Join(want, "\n"))
		}
		images++
		findings += len(want)
	}
	if images != 40 || findings < 100 {
		t.Errorf("%d images with %d findings were compared", images, findings)
	}
}

// Wherever a layer or an archive in it is cut, that is told: never silence, never a
// crash.
func TestCutLayersAreGaps(t *testing.T) {
	text := tarOf("app/a.env", "TOKEN="+token(60)+"\n", "app/noise", leaktest.Must(61, strings.Repeat("{{alnum 60}}\n", 60)), "app/b.env", "TOKEN="+token(62)+"\n")
	zst := packed(func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) }, text)
	cuts := 0
	for form, whole := range map[string][]byte{"tar": text, "gzip": gzipped(text), "zstd": zst, "zip": zipOf(t)} {
		r := rand.New(rand.NewPCG(7, uint64(len(whole))))
		for range 150 {
			at := 1 + r.IntN(len(whole)-1)
			cut := whole[:at]
			if form == "zip" { // in a layer that is whole itself
				cut = tarOf("lib/cut.zip", string(cut))
			}
			// Two blocks of zeros end a tar, and one is enough: nothing is missing then.
			if form == "tar" && at > len(whole)-2*512 && at%512 == 0 || form == "zip" && at < 4 {
				continue
			}
			if got := scanLayer(t, cut); len(got.gaps) == 0 {
				t.Errorf("%s cut at %d of %d: no gap, %d findings", form, at, len(whole), len(got.at))
			}
			cuts++
		}
	}
	if cuts < 500 {
		t.Errorf("%d cuts", cuts)
	}
}

// scanLayer scans an image whose only layer is a file in a docker-archive, whatever is
// in it.
func scanLayer(t *testing.T, layer []byte) told {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	text := tarOf("manifest.json", `[{"Config":"c.json","Layers":["l.tar"]}]`, "c.json", "{}", "l.tar", string(layer))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return scan(t, imagesource.New([]string{"docker-archive:" + file}, imagesource.Options{}))
}

func zipOf(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, text := range []string{"TOKEN=" + token(63) + "\n", strings.Repeat("words\n", 500), "TOKEN=" + token(64) + "\n"} {
		must(must(w.Create(fmt.Sprintf("in/f%d.env", i))).Write([]byte(text)))
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

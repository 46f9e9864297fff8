package imagesource_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// estargz packs a tar as eStargz does: each file is a gzip member of its own, so that it
// can be read alone; a list of them is the last file, and a gzip member of no content
// tells where that begins
// (https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md).
func estargz(files ...string) []byte {
	var out bytes.Buffer
	for i := 0; i < len(files); i += 2 {
		one := tarOf(files[i], files[i+1])
		out.Write(gzipped(one[:len(one)-1024])) // the tar does not end yet
	}
	toc := out.Len()
	out.Write(gzipped(tarOf("stargz.index.json", `{"version":1,"entries":[]}`)))
	w := must(gzip.NewWriterLevel(&out, gzip.NoCompression))
	w.Extra = fmt.Appendf([]byte("SG\x16\x00"), "%016xSTARGZ", toc)
	if err := w.Close(); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// zstdChunked packs a tar as containers/storage does: a frame a file, and behind them
// frames that readers skip, with the list
// (https://github.com/containers/storage/blob/main/docs/containers-storage-zstd-chunked.md).
func zstdChunked(files ...string) []byte {
	var out bytes.Buffer
	frame := func(text []byte) {
		out.Write(packed(func(w io.Writer) io.WriteCloser { return must(zstd.NewWriter(w)) }, text))
	}
	for i := 0; i < len(files); i += 2 {
		one := tarOf(files[i], files[i+1])
		frame(one[:len(one)-1024])
	}
	frame(make([]byte, 1024))
	for _, skipped := range []string{strings.Repeat("manifest", 20), strings.Repeat("footer", 10)} {
		out.Write(binary.LittleEndian.AppendUint32([]byte("\x50\x2a\x4d\x18"), uint32(len(skipped))))
		out.WriteString(skipped)
	}
	return out.Bytes()
}

// Layers that are packed so that a file can be read without the others are read whole.
func TestSeekableLayers(t *testing.T) {
	files := []string{".no.prefetch.landmark", "\xf4", "app/a.env", "TOKEN=" + token(70) + "\n", "app/b.env", "TOKEN=" + token(71) + "\n"}
	for media, layer := range map[types.MediaType][]byte{types.OCILayer: estargz(files...), types.OCILayerZStd: zstdChunked(files...)} {
		img := must(mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{Layer: static.NewLayer(layer, media), MediaType: media}))
		got := scan(t, imagesource.New([]string{push(t, "a:b", img)}, imagesource.Options{}))
		if !slices.Equal(got.at, []string{"app/a.env", "app/b.env"}) || len(got.gaps) > 0 {
			t.Errorf("%s: found at %q, gaps %v", media, got.at, got.gaps)
		}
	}
}

// An archive of one platform keeps the list of all of them: what is not in it is told,
// and is no failure; the rest is looked at.
func TestIndexOfWhatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	arm := must(mutate.AppendLayers(empty.Image, gz(tarOf("arm.env", token(72)))))
	amd := must(mutate.AppendLayers(empty.Image, gz(tarOf("amd.env", token(73)))))
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}})
	must(layout.Write(dir, index))
	if err := os.Remove(filepath.Join(dir, "blobs", "sha256", must(arm.Digest()).Hex)); err != nil {
		t.Fatal(err)
	}
	got := scan(t, imagesource.New([]string{"oci:" + dir}, imagesource.Options{}))
	if !slices.Equal(got.at, []string{"amd.env"}) || len(got.gaps) != 1 || got.gaps[0].Class != leak.Boundary || got.gaps[0].Code != leak.GapMissing || !strings.Contains(got.gaps[0].Error(), "linux/arm64") {
		t.Errorf("found at %q, gaps %v", got.at, got.gaps)
	}
}

// Of a repository with an image that can't be had, the others are looked at, and the
// Gap names that one.
func TestGapsNameTheImage(t *testing.T) {
	host := serve(t)
	pushTo(t, host, "team/app:good", must(mutate.AppendLayers(empty.Image, gz(tarOf("a.env", token(74))))))
	bad := must(mutate.AppendLayers(empty.Image, gz(tarOf("b.env", token(75)))))
	pushTo(t, host, "team/app:bad", bad)
	repo := must(name.NewRepository(host + "/team/app"))
	broken := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: bad})
	if err := remote.WriteIndex(repo.Tag("list"), broken); err != nil {
		t.Fatal(err)
	}
	if err := remote.Delete(repo.Digest(must(bad.Digest()).String())); err != nil {
		t.Fatal(err)
	}
	for _, opt := range []imagesource.Options{{AllTags: true}, {Catalog: true}} {
		ref := repo.String()
		if opt.Catalog {
			ref = host
		}
		got := scan(t, imagesource.New([]string{ref}, opt))
		if !slices.Equal(got.at, []string{"a.env", "b.env"}) || len(got.gaps) != 1 {
			t.Errorf("%+v: found at %q, gaps %v", opt, got.at, got.gaps)
		}
		for _, g := range got.gaps {
			if at := g.Place.String(); !strings.Contains(at, "team/app:list") || g.Class != leak.Failure {
				t.Errorf("%+v: %s gap at %q: %v", opt, g.Class, at, g.Why)
			}
		}
	}
}

// What cosign attaches by tags, and charts, are looked at.
func TestCosignTagsAndCharts(t *testing.T) {
	host := serve(t)
	img := must(mutate.AppendLayers(empty.Image, gz(tarOf("a.env", token(76)))))
	ref := pushTo(t, host, "shop/app:v1", img)
	digest := must(img.Digest())
	pushTo(t, host, "shop/app:"+digest.Algorithm+"-"+digest.Hex+".sbom", attestation(token(77)))
	if got := scan(t, imagesource.New([]string{ref}, imagesource.Options{})); len(got.at) != 2 || !strings.Contains(got.at[1], "in-toto") {
		t.Errorf("with an SBOM: found at %q, gaps %v", got.at, got.gaps)
	}
	const chart = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
	helm := must(mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json"),
		mutate.Addendum{Layer: static.NewLayer(gzipped(tarOf("shop/values.yaml", "token: "+token(78)+"\n")), chart), MediaType: chart}))
	got := scan(t, imagesource.New([]string{pushTo(t, host, "charts/shop:1", helm)}, imagesource.Options{}))
	if !slices.Equal(got.at, []string{"shop/values.yaml"}) || len(got.gaps) > 0 {
		t.Errorf("of a chart: found at %q, gaps %v", got.at, got.gaps)
	}
}

// Fields that nobody thought of are looked at too.
func TestOtherFields(t *testing.T) {
	build := base64.StdEncoding.EncodeToString([]byte(`{"attrs":{"build-arg:TOKEN":"` + token(80) + `"}}`))
	conf := fmt.Sprintf(`{"architecture":"amd64","os":"linux","author":"me %s","config":{"User":"x","Volumes":{}},
		"container_config":{"Cmd":["/bin/sh","-c","deploy %s"]},"moby.buildkit.buildinfo.v1":%q,"rootfs":{"type":"layers","diff_ids":[]}}`, token(81), token(82), build)
	if !json.Valid([]byte(conf)) {
		t.Fatal("the configuration is no JSON")
	}
	file := filepath.Join(t.TempDir(), "image.tar")
	text := tarOf("manifest.json", `[{"Config":"c.json","Layers":["l.tar"]}]`, "c.json", conf, "l.tar", string(tarOf("a", "b")))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got := scan(t, imagesource.New([]string{"docker-archive:" + file}, imagesource.Options{}))
	if want := []string{"author", "container_config.Cmd[2]", "moby.buildkit.buildinfo.v1"}; !slices.Equal(got.at, want) {
		t.Errorf("found at %q, not at %q", got.at, want)
	}
	img := must(mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1),
		mutate.Addendum{Layer: gz(tarOf("a", "b")), Annotations: map[string]string{"note": token(83)}}))
	got = scan(t, imagesource.New([]string{push(t, "x:y", img)}, imagesource.Options{}))
	if want := []string{"manifest.layers[0].annotations.note"}; !slices.Equal(got.at, want) {
		t.Errorf("found at %q, not at %q", got.at, want)
	}
}

package imagesource_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// Layers that images share are read once, and found in both.
func TestSharedLayersAreReadOnce(t *testing.T) {
	host := serve(t)
	base := build()
	var refs []string
	for i, img := range []v1.Image{base, must(mutate.AppendLayers(base, gz(tarOf("more.env", token(30)))))} {
		ref := must(name.ParseReference(fmt.Sprintf("%s/app:v%d", host, i)))
		if err := remote.Write(ref, img); err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref.String())
	}
	got := scan(t, imagesource.New(refs, imagesource.Options{}))
	if got.sum.Blobs != 2+4 {
		t.Errorf("%d texts: two configurations and four layers are 6", got.sum.Blobs)
	}
	shared := 0
	for _, f := range got.all {
		if p, ok := f.Place.(leak.ImageFile); ok && p.Name == "app/keep.env" {
			shared++
			if f.Seen != 2 || len(f.Also) != 1 || f.Also[0].Place.(leak.ImageFile).Image != refs[1] {
				t.Errorf("seen %d times, also in %v", f.Seen, f.Also)
			}
		}
	}
	if shared != 1 {
		t.Errorf("the shared file was told of %d times", shared)
	}
	tags := scan(t, imagesource.New([]string{host + "/app"}, imagesource.Options{AllTags: true}))
	catalog := scan(t, imagesource.New([]string{host}, imagesource.Options{Catalog: true}))
	if !slices.Equal(tags.at, got.at) || !slices.Equal(catalog.at, got.at) {
		t.Errorf("all tags give %d findings, the catalog %d, the two references %d", len(tags.at), len(catalog.at), len(got.at))
	}
}

// Of an index every platform is looked at, or the one that was asked for; and what
// is attached to an image.
func TestPlatformsAndAttachments(t *testing.T) {
	host := serve(t)
	arm := must(mutate.AppendLayers(empty.Image, gz(tarOf("arm.env", token(40)))))
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: build(), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: attestation(token(41)), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest"}}},
	)
	ref := must(name.ParseReference(host + "/multi:v1"))
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	sbom := mutate.Subject(attestation(token(42)), must(remote.Get(ref.Context().Digest(must(arm.Digest()).String()))).Descriptor).(v1.Image)
	if err := remote.Write(ref.Context().Digest(must(sbom.Digest()).String()), sbom); err != nil {
		t.Fatal(err)
	}
	count := func(o told, text string) (n int) {
		for _, at := range o.at {
			if strings.Contains(at, text) {
				n++
			}
		}
		return n
	}
	all := scan(t, imagesource.New([]string{ref.String()}, imagesource.Options{}))
	if count(all, "arm.env") != 1 || count(all, "app/keep.env") != 1 || count(all, "in-toto") != 2 {
		t.Errorf("found at %q, gaps %v", all.at, all.gaps)
	}
	one := scan(t, imagesource.New([]string{ref.String()}, imagesource.Options{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}))
	if count(one, "arm.env") != 1 || count(one, "app/keep.env") != 0 {
		t.Errorf("for arm64: found at %q", one.at)
	}
	none := scan(t, imagesource.New([]string{ref.String()}, imagesource.Options{Platform: &v1.Platform{OS: "plan9", Architecture: "386"}}))
	if len(none.at) > 1 { // the attestation is for no platform
		t.Errorf("for plan9: found at %q", none.at)
	}
}

func attestation(secret string) v1.Image {
	const inToto = "application/vnd.in-toto+json"
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	return must(mutate.AppendLayers(img, static.NewLayer([]byte(`{"builder": "`+secret+`"}`), inToto)))
}

func TestWhatCannotBeRead(t *testing.T) {
	docker := strings.TrimPrefix(forms(t, build())["docker-archive"], "docker-archive:")
	text := must(os.ReadFile(docker))
	cuts := 0
	for cut := 600; cut < len(text)-2000; cut += len(text)/40 + 1 {
		file := filepath.Join(t.TempDir(), "cut.tar")
		if err := os.WriteFile(file, text[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if got := scan(t, imagesource.New([]string{"docker-archive:" + file}, imagesource.Options{})); len(got.gaps) == 0 {
			t.Errorf("cut at %d of %d: no gap, %d findings", cut, len(text), len(got.at))
		}
		cuts++
	}
	if cuts < 20 {
		t.Errorf("%d cuts", cuts)
	}
	for ref, say := range map[string]string{
		"docker-archive:" + filepath.Join(t.TempDir(), "none.tar"): "no such file",
		"oci:" + t.TempDir():                      "neither index.json nor manifest.json",
		serve(t) + "/nothing:here":                "NAME_UNKNOWN",
		"docker-archive:" + must(os.Executable()): "no tar of images",
		"daemon:app":                              "ask the daemon",
		"not a reference":                         "could not parse reference",
	} {
		got := scan(t, imagesource.New([]string{ref}, imagesource.Options{Socket: filepath.Join(t.TempDir(), "none.sock")}))
		if len(got.gaps) != 1 || !strings.Contains(got.gaps[0].Why.Error(), say) || got.gaps[0].Class != leak.Failure {
			t.Errorf("%s: gaps %v", ref, got.gaps)
		}
	}
}

// A layer that the image's maker serves, and one that is encrypted, are gaps, and
// the others are looked at.
func TestForeignAndEncryptedLayers(t *testing.T) {
	img := must(mutate.Append(empty.Image,
		mutate.Addendum{Layer: gz(tarOf("a.env", token(50)))},
		mutate.Addendum{Layer: static.NewLayer([]byte("sealed"), "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"), MediaType: "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"},
		mutate.Addendum{Layer: static.NewLayer([]byte("elsewhere"), types.OCIRestrictedLayer), MediaType: types.OCIRestrictedLayer, URLs: []string{"https://example.com/layer"}},
	))
	got := scan(t, imagesource.New([]string{push(t, "win:v1", img)}, imagesource.Options{}))
	codes := map[string]int{}
	for _, g := range got.gaps {
		if g.Class != leak.Boundary {
			t.Errorf("gap %v is a %s", g, g.Class)
		}
		codes[g.Code]++
	}
	if !slices.Equal(got.at, []string{"a.env"}) || codes[leak.GapEncrypted] != 1 || codes[leak.GapMissing] != 1 {
		t.Errorf("found at %q, gaps %v", got.at, got.gaps)
	}
}

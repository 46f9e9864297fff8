package imagesource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/oakum-sec/oakum/leak"
)

// images reads the images of a store: an OCI layout where there is one, else what
// docker save wrote before it wrote that too. tag is one of them; "": all.
func (s *Source) images(st store, name, tag string) ([]*image, []*leak.Gap, error) {
	index, err := metadata(st, "index.json")
	if errors.Is(err, fs.ErrNotExist) {
		found, err := dockerImages(st, name)
		return found, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	var list v1.IndexManifest
	if err := json.Unmarshal(index, &list); err != nil {
		return nil, nil, fmt.Errorf("read index.json: %w", err)
	}
	r := ociReader{source: s, store: st, tag: tag}
	if err := r.index(name, &list, nil, 0); err != nil {
		return nil, nil, err
	}
	if len(r.found)+len(r.missed) == 0 {
		return nil, nil, fmt.Errorf("no image in it%s", wanted(tag, s.opt.Platform))
	}
	return r.found, r.missed, nil
}

func wanted(tag string, p *v1.Platform) string {
	text := ""
	if tag != "" {
		text += " is tagged " + tag
	}
	if p != nil {
		text += " for " + p.String()
	}
	return text
}

// ociReader walks an OCI layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
type ociReader struct {
	source *Source
	store  store
	tag    string
	found  []*image
	missed []*leak.Gap
}

// absent is the Gap of an image that an index names and that could not be had. An
// archive of one platform keeps the list of all (docker save does, with containerd's
// store): what is not in it is no damage.
func absent(name string, err error) *leak.Gap {
	g := &leak.Gap{Place: leak.ImageConfig{Image: name, Field: "manifest"}, Class: leak.Failure, Code: leak.GapUnreadable, Why: err}
	if errors.Is(err, fs.ErrNotExist) {
		g.Class, g.Code, g.Why = leak.Boundary, leak.GapMissing, errors.New("the index names it, and it is not there")
	}
	return g
}

// indexDepth bounds indexes of indexes.
const indexDepth = 4

// refName is the annotation by which a layout tags its images.
const refName = "org.opencontainers.image.ref.name"

func (r *ociReader) index(name string, list *v1.IndexManifest, labels map[string]string, depth int) error {
	if depth == indexDepth {
		return errors.New("indexes nested too deep")
	}
	labels = merged(labels, list.Annotations)
	several := len(list.Manifests) > 1
	for _, d := range list.Manifests {
		if depth == 0 && r.tag != "" && d.Annotations[refName] != r.tag {
			continue
		}
		if unwanted(r.source.opt.Platform, d.Platform) {
			continue
		}
		each := name
		if several {
			each = called(name, d)
		}
		text, err := metadata(r.store, blobName(d.Digest))
		if err != nil {
			r.missed = append(r.missed, absent(each, err))
			continue
		}
		if d.MediaType.IsIndex() {
			var inner v1.IndexManifest
			if err := json.Unmarshal(text, &inner); err != nil {
				return fmt.Errorf("read index %s: %w", d.Digest, err)
			}
			if err := r.index(each, &inner, merged(labels, d.Annotations), depth+1); err != nil {
				return err
			}
			continue
		}
		if err := r.manifest(each, text, merged(labels, d.Annotations)); err != nil {
			r.missed = append(r.missed, absent(each, err))
		}
	}
	return nil
}

// called is the name of one image among several: by its tag, its platform or its digest.
func called(name string, d v1.Descriptor) string {
	switch {
	case isAttachment(d):
		return name + " (attached)"
	case d.Annotations[refName] != "":
		return name + ":" + d.Annotations[refName]
	case d.Platform != nil:
		return name + " (" + d.Platform.String() + ")"
	}
	return name + "@" + d.Digest.String()
}

// isAttachment: an image's artifact type, where it has one, is that of its
// configuration. BuildKit lists attestations beside the images they are about
// (https://docs.docker.com/build/metadata/attestations/attestation-storage/).
func isAttachment(d v1.Descriptor) bool {
	return d.Annotations["vnd.docker.reference.type"] != "" || d.ArtifactType != "" && !types.MediaType(d.ArtifactType).IsConfig()
}

// unwanted tells whether what is for platform is left out. What is for none, and
// what is attached (for unknown/unknown), is not.
func unwanted(want, platform *v1.Platform) bool {
	return want != nil && platform != nil && platform.OS != "unknown" && !platform.Satisfies(*want)
}

func (r *ociReader) manifest(name string, text []byte, labels map[string]string) error {
	img, err := imageOf(name, text, labels, func(d v1.Descriptor) ([]byte, error) { return metadata(r.store, blobName(d.Digest)) })
	if err != nil {
		return err
	}
	for i := range img.layers {
		c := &img.layers[i]
		file := "blobs/" + strings.Replace(c.digest, ":", "/", 1)
		if f, _, err := r.store.open(file); err == nil {
			f.Close()
			c.open, c.from = opening(r.store, file), r.store.origin(file)
		}
	}
	r.found = append(r.found, img)
	return nil
}

// imageOf makes an image of its manifest, without the means to open its layers.
func imageOf(name string, text []byte, labels map[string]string, config func(v1.Descriptor) ([]byte, error)) (*image, error) {
	var m v1.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read the manifest of %s: %w", name, err)
	}
	img := &image{name: name, manifest: text, labels: merged(labels, m.Annotations)}
	img.attached = m.Subject != nil || !m.Config.MediaType.IsConfig() || len(m.Layers) > 0 && !m.Layers[0].MediaType.IsLayer() && !strings.HasSuffix(string(m.Layers[0].MediaType), "+encrypted")
	if !img.attached {
		var err error
		if img.config, err = config(m.Config); err != nil {
			return nil, fmt.Errorf("read the configuration of %s: %w", name, err)
		}
	} else if m.Config.Size > emptyConfig {
		img.layers = append(img.layers, content{digest: m.Config.Digest.String(), media: string(m.Config.MediaType), size: m.Config.Size})
	}
	for _, d := range m.Layers {
		img.layers = append(img.layers, content{digest: d.Digest.String(), media: string(d.MediaType), size: d.Size})
	}
	return img, nil
}

// emptyConfig is the size of "{}", which attachments have that need no configuration
// (https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidance-for-an-empty-descriptor).
const emptyConfig = 2

func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }

func opening(st store, name string) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		r, _, err := st.open(name)
		return r, err
	}
}

func merged(a, b map[string]string) map[string]string {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// named is the digest that a layer's file is called after, "" where it is not: skopeo
// and crane do so, the latter with compressed layers, of which the configuration has
// another digest. Like that one it is a claim.
func named(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".")
	if sum, err := hex.DecodeString(base); err != nil || len(sum) != sha256.Size {
		return ""
	}
	return "sha256:" + base
}

// dockerImages reads manifest.json, as docker save wrote it alone until version 25.
func dockerImages(st store, name string) ([]*image, error) {
	text, err := metadata(st, "manifest.json")
	if err != nil {
		return nil, fmt.Errorf("it has neither index.json nor manifest.json, and so is no image: %w", err)
	}
	var list []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read manifest.json: %w", err)
	}
	var found []*image
	for _, m := range list {
		img := &image{name: name}
		if len(m.RepoTags) > 0 {
			img.name = m.RepoTags[0]
		}
		if img.config, err = metadata(st, m.Config); err != nil {
			return nil, fmt.Errorf("read the configuration of %s: %w", img.name, err)
		}
		for _, file := range m.Layers {
			c := content{digest: named(file), size: -1}
			if r, size, err := st.open(file); err == nil {
				r.Close()
				c.size, c.open, c.from = size, opening(st, file), st.origin(file)
			}
			img.layers = append(img.layers, c)
		}
		found = append(found, img)
	}
	if len(found) == 0 {
		return nil, errors.New("no image in it")
	}
	return found, nil
}

package imagesource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/oakum-sec/oakum/leak"
)

// registry finds images in a registry, logged in as docker is: its configuration,
// credential helpers and tokens, or nobody.
func (s *Source) registry(ctx context.Context, ref string) iter.Seq2[*image, error] {
	return func(yield func(*image, error) bool) {
		r := &registryReader{source: s, options: s.opt.remote(ctx)}
		var err error
		if r.puller, err = remote.NewPuller(r.options...); err != nil {
			yield(nil, err)
			return
		}
		r.options = append(r.options, remote.Reuse(r.puller)) // one login for all of a repository
		for one, err := range r.references(ctx, ref) {
			r.found, r.missed = nil, nil
			if err == nil {
				if err = r.reference(one); err != nil {
					err = absent(one.Name(), err)
				}
			}
			if !give(r.found, r.missed, yield) || err != nil && !yield(nil, err) {
				return
			}
		}
	}
}

// remote is how registries are asked.
func (o *Options) remote(ctx context.Context) []remote.Option {
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	return []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(keychain), remote.WithUserAgent("oakum"),
		remote.WithTransport(secure{remote.DefaultTransport}), remote.WithReferrersTagFallback(true),
	}
}

// Resolve asks a registry which digest a reference has.
func Resolve(ctx context.Context, ref string, opt Options) (digest string, err error) {
	one, err := name.ParseReference(ref)
	if err != nil {
		return "", err
	}
	if d, ok := one.(name.Digest); ok {
		return d.DigestStr(), nil
	}
	head, err := remote.Head(one, opt.remote(ctx)...)
	if err != nil { // some registries know no HEAD, and none says why
		got, err := remote.Get(one, opt.remote(ctx)...)
		if err != nil {
			return "", fmt.Errorf("resolve %s: %w", one.Name(), err)
		}
		return got.Digest.String(), nil
	}
	return head.Digest.String(), nil
}

// secure refuses to talk in clear to anybody but this machine.
type secure struct{ http.RoundTripper }

func (s secure) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
		return nil, fmt.Errorf("%s speaks no TLS: only registries on this machine are asked without", req.URL.Host)
	}
	return s.RoundTripper.RoundTrip(req)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

type registryReader struct {
	source  *Source
	options []remote.Option
	puller  *remote.Puller
	found   []*image
	missed  []*leak.Gap
}

// references are those that the user's words stand for: one, all tags of a
// repository, or all of a registry's repositories.
func (r *registryReader) references(ctx context.Context, ref string) iter.Seq2[name.Reference, error] {
	return func(yield func(name.Reference, error) bool) {
		opt := r.source.opt
		if !opt.Catalog && !opt.AllTags {
			one, err := name.ParseReference(ref)
			yield(one, err)
			return
		}
		repositories := []string{ref}
		if opt.Catalog {
			host, err := name.NewRegistry(ref)
			if err == nil {
				repositories, err = remote.Catalog(ctx, host, r.options...)
			}
			if err != nil {
				yield(nil, fmt.Errorf("list the repositories of %s: %w", ref, err))
				return
			}
			for i := range repositories {
				repositories[i] = ref + "/" + repositories[i]
			}
		}
		for _, repo := range repositories {
			if !r.tags(repo, yield) {
				return
			}
		}
	}
}

func (r *registryReader) tags(of string, yield func(name.Reference, error) bool) bool {
	repo, err := name.NewRepository(of)
	if err != nil {
		return yield(nil, err)
	}
	tags, err := remote.List(repo, r.options...)
	if err != nil {
		return yield(nil, fmt.Errorf("list the tags of %s: %w", of, err))
	}
	for _, tag := range tags {
		if !yield(repo.Tag(tag), nil) {
			return false
		}
	}
	return true
}

func (r *registryReader) reference(ref name.Reference) error {
	d, err := remote.Get(ref, r.options...)
	if err != nil {
		return err
	}
	return r.descriptor(ref, ref.Name(), d, nil, 0)
}

func (r *registryReader) descriptor(ref name.Reference, called string, d *remote.Descriptor, labels map[string]string, depth int) error {
	if d.MediaType.IsIndex() {
		return r.index(ref, called, d, labels, depth)
	}
	img, err := imageOf(called, d.Manifest, labels, func(c v1.Descriptor) ([]byte, error) {
		return r.small(ref, c)
	})
	if err != nil {
		return err
	}
	for i := range img.layers {
		c := &img.layers[i]
		if foreign(c.media) {
			continue
		}
		c.from = origin{served: true, sealed: true}
		c.open = func(ctx context.Context) (io.ReadCloser, error) {
			layer, err := r.puller.Layer(ctx, ref.Context().Digest(c.digest))
			if err != nil {
				return nil, err
			}
			return layer.Compressed()
		}
	}
	r.found = append(r.found, img)
	if img.attached || depth == indexDepth-1 { // nobody attaches to what is attached
		return nil
	}
	return r.attached(ref, called, d.Digest)
}

// foreign layers are served by their makers alone (Windows' base images).
func foreign(media string) bool {
	return media == "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip" ||
		media == "application/vnd.oci.image.layer.nondistributable.v1.tar" ||
		media == "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip" ||
		media == "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
}

// small reads a configuration.
func (r *registryReader) small(ref name.Reference, d v1.Descriptor) ([]byte, error) {
	if d.Size > metadataSize {
		return nil, fmt.Errorf("it has %d bytes", d.Size)
	}
	layer, err := remote.Layer(ref.Context().Digest(d.Digest.String()), r.options...)
	if err != nil {
		return nil, err
	}
	content, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return io.ReadAll(io.LimitReader(content, metadataSize))
}

func (r *registryReader) index(ref name.Reference, called string, d *remote.Descriptor, labels map[string]string, depth int) error {
	if depth == indexDepth {
		return errors.New("indexes nested too deep")
	}
	index, err := d.ImageIndex()
	if err != nil {
		return err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return err
	}
	labels = merged(labels, list.Annotations)
	before := len(r.found)
	for _, m := range list.Manifests {
		if unwanted(r.source.opt.Platform, m.Platform) {
			continue
		}
		one := ref.Context().Digest(m.Digest.String())
		name := calledOf(called, list, m)
		inner, err := remote.Get(one, r.options...)
		if err == nil {
			err = r.descriptor(one, name, inner, merged(labels, m.Annotations), depth+1)
		}
		if err != nil { // the others are looked at
			r.missed = append(r.missed, absent(name, err))
		}
	}
	if len(r.found) == before && len(r.missed) == 0 && depth == 0 {
		return fmt.Errorf("no image in it%s", wanted("", r.source.opt.Platform))
	}
	return nil
}

func calledOf(name string, list *v1.IndexManifest, m v1.Descriptor) string {
	if len(list.Manifests) == 1 {
		return name
	}
	return called(name, m)
}

// attached adds what refers to a manifest: SBOMs, signatures, attestations. A
// registry that knows nothing of referrers has none.
func (r *registryReader) attached(ref name.Reference, called string, digest v1.Hash) error {
	index, err := remote.Referrers(ref.Context().Digest(digest.String()), r.options...)
	if err != nil {
		return fmt.Errorf("list what is attached to it: %w", err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range list.Manifests {
		r.attachment(ref.Context().Digest(m.Digest.String()), called, m.Annotations)
	}
	if r.source.opt.AllTags || r.source.opt.Catalog {
		return nil // they are among the tags
	}
	for _, kind := range cosignTags {
		tag := ref.Context().Tag(digest.Algorithm + "-" + digest.Hex + kind)
		if _, err := remote.Head(tag, r.options...); err == nil {
			r.attachment(tag, called, nil)
		}
	}
	return nil
}

// cosignTags end the tags by which cosign attaches signatures, attestations and SBOMs
// where it does not use referrers
// (https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#tag-based-discovery).
var cosignTags = []string{".sig", ".att", ".sbom"}

// attachment adds one thing that is attached to the image that is so called.
func (r *registryReader) attachment(ref name.Reference, called string, labels map[string]string) {
	called += " (attached)"
	d, err := remote.Get(ref, r.options...)
	if err == nil {
		err = r.descriptor(ref, called, d, labels, indexDepth-1)
	}
	if err != nil {
		r.missed = append(r.missed, absent(called, err))
	}
}

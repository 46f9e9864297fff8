// Package imagesource is the source of container images: what a registry serves,
// what docker save and skopeo write, what a daemon holds.
//
// All of an image is looked at: each file of each layer, also those that a later
// layer deletes or overwrites, for whoever can pull the image can read them; and
// its configuration (environment, labels, commands, history with build arguments),
// annotations, and the SBOMs and attestations that are attached to it. Layers are
// read as streams, the topmost first, and files in them are scanned as they pass:
// no layer is held in memory and nothing is written.
//
// A layer that several images share is read once. [Source.Settle] tells, of each
// finding and in the order of the scan, which instruction made the layer, whether a
// later one hides the file, and which other images ship it.
//
// A layer that a [Cache] knows from an earlier scan is not read: not even asked for,
// where a registry or a daemon serves by digests, and hashed where an archive only
// claims one.
//
// Its limits: signatures are not checked, and what is in an archive is scanned,
// whatever its manifest calls it. Registries are asked over TLS, but for
// those on the loopback interface. Foreign and encrypted layers are gaps.
package imagesource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Options say what of an image is wanted; the zero value is all of it.
type Options struct {
	Platform *v1.Platform // of an index only this one; nil: every one
	AllTags  bool         // a reference names a repository: every tag of it
	Catalog  bool         // a reference names a registry: every tag of every repository
	Socket   string       // of the docker daemon; "": /var/run/docker.sock

	Keychain authn.Keychain // who registries are told we are; nil: whom docker is logged in as
}

// Source yields the texts of images. It is good for one scan.
type Source struct {
	refs   []string
	opt    Options
	layers map[string][]*layer // by what is claimed to be their digest: see layerOf
	order  []*layer            // as they are read
	cache  Cache               // nil: every layer is read

	byDigest map[string]*layer // as places name them
}

var _ scanner.Source = (*Source)(nil)

// New makes a source of images:
//
//	docker-archive:FILE  oci-archive:FILE  oci:DIR[:TAG]  daemon:NAME  or a registry's reference
//
// What an archive is, is found out by what is in it.
func New(refs []string, opt Options) *Source {
	return &Source{refs: refs, opt: opt, layers: map[string][]*layer{}, byDigest: map[string]*layer{}}
}

// Cache lets the source ask c before it reads a layer. It is to be called before the
// scan: what c holds may depend on the scan's own options.
func (s *Source) Cache(c Cache) { s.cache = c }

// Blobs yields what is small first: of each image its configuration and what is
// attached to it. Then come the layers, each once. An image's layers come from the
// top, so that whoever is told of a file knows of all that may hide it.
func (s *Source) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, ref := range s.refs {
			for img, err := range s.open(ctx, ref) {
				if err != nil {
					if ctx.Err() != nil || !yield(scanner.Blob{}, unread(ref, err)) {
						return
					}
					continue
				}
				if !s.image(ctx, img, yield) {
					return
				}
			}
		}
		for _, l := range s.order {
			if !yield(l.blob(s.cache), nil) {
				return
			}
		}
	}
}

// unread is the Gap of an image that could not be had. An error that is one already
// knows better which image it is about.
func unread(ref string, err error) *leak.Gap {
	if g, ok := errors.AsType[*leak.Gap](err); ok {
		return g
	}
	return &leak.Gap{Place: leak.ImageConfig{Image: ref, Field: "manifest"}, Class: leak.Failure, Code: leak.GapUnreadable, Why: err}
}

// image is one image of one platform, wherever it comes from.
type image struct {
	name     string            // as the user knows it, with its platform where it has several
	manifest []byte            // JSON; nil: docker save's old format has none
	config   []byte            // JSON; nil: an attachment, which has none
	labels   map[string]string // annotations of manifest and index
	layers   []content         // from the bottom; of an attachment its documents
	attached bool              // an SBOM, a signature, an attestation
}

// content is a layer or a document that is not opened yet.
type content struct {
	digest string // as the manifest, or else the configuration has it
	media  string
	size   int64 // in bytes, -1 where it is not known
	open   func(context.Context) (io.ReadCloser, error)
	from   origin
}

// origin says how far a digest can be believed before the content was read.
type origin struct {
	file   string // which of which archive; "": there is one of that digest only
	served bool   // whoever serves it goes by digests himself: a registry, a daemon
	sealed bool   // reading to the end fails where the digest is another one
}

// image yields all of img but its layers, and lines these up.
func (s *Source) image(ctx context.Context, img *image, yield func(scanner.Blob, error) bool) bool {
	conf, err := parseConfig(img.config)
	if err != nil && !yield(scanner.Blob{}, &leak.Gap{Place: leak.ImageConfig{Image: img.name, Field: "config"}, Class: leak.Failure, Code: leak.GapCorrupt, Why: err}) {
		return false
	}
	if b := settings(img, conf); b.Size > 0 && !yield(b, nil) {
		return false
	}
	var below []*layer
	for i, c := range img.layers {
		if why := c.unreadable(); why != nil {
			why.Place = leak.ImageFile{Image: img.name, Layer: c.digest}
			if !yield(scanner.Blob{}, why) {
				return false
			}
			continue
		}
		if img.attached {
			if !yield(document(img, c), nil) {
				return false
			}
			continue
		}
		below = append(below, s.layerOf(ctx, img, conf, i))
	}
	s.stack(below)
	return true
}

// unreadable is why a layer cannot be looked at, or nil.
func (c *content) unreadable() *leak.Gap {
	switch {
	case strings.HasSuffix(c.media, "+encrypted"): // https://github.com/containers/ocicrypt
		return &leak.Gap{Class: leak.Boundary, Code: leak.GapEncrypted, Why: fmt.Errorf("an encrypted layer (%s)", c.media)}
	case c.open == nil:
		return &leak.Gap{Class: leak.Boundary, Code: leak.GapMissing, Why: errors.New("a foreign layer: its maker serves it, not who serves the image")}
	}
	return nil
}

// document is a text attached to an image, or an archive of texts, such as a chart.
func document(img *image, c content) scanner.Blob {
	if strings.Contains(c.media, "tar") {
		return scanner.Blob{Place: leak.ImageFile{Image: img.name, Layer: c.digest}, Size: c.size, Open: c.open,
			Member: func(name string) (leak.Place, []string, bool) {
				return leak.ImageFile{Image: img.name, Layer: c.digest, Name: name}, nil, true
			}}
	}
	return scanner.Blob{Place: leak.ImageConfig{Image: img.name, Field: c.media + " " + c.digest}, Size: c.size, Open: c.open}
}

package main

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/pem"
	"io"
	"io/fs"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/ko/pkg/build"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// nonroot is the user of the images, by number, so that Kubernetes' runAsNonRoot can
// see that it is not root. distroless' has the same.
const nonroot = "65532:65532"

// madeHere is what annotations call our base: no registry has it (RFC 2606).
const madeHere = "base.invalid/oakum/static:latest"

// getBase is ko's question for a base.
func (o options) getBase(at time.Time) build.GetBase {
	return func(ctx context.Context, _ string) (name.Reference, build.Result, error) {
		if o.base == "" {
			ref, err := name.ParseReference(madeHere)
			if err != nil {
				return nil, nil, err
			}
			index, err := static(at)
			return ref, index, err
		}
		ref, err := name.ParseReference(o.base)
		if err != nil {
			return nil, nil, err
		}
		d, err := remote.Get(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
		if err != nil {
			return nil, nil, err
		}
		if d.MediaType.IsIndex() {
			index, err := d.ImageIndex()
			return ref, index, err
		}
		image, err := d.Image()
		return ref, image, err
	}
}

// static is a base for programs that are linked statically: Mozilla's roots as the Go
// project publishes them, the users root and nonroot, and a folder for files of a moment.
func static(at time.Time) (v1.ImageIndex, error) {
	files, err := staticFiles(at)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range []string{"amd64", "arm64"} {
		image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		image, err := mutate.Append(image, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: at}, CreatedBy: "oakum tools/images: root certificates, users"}})
		if err != nil {
			return nil, err
		}
		config, err := image.ConfigFile()
		if err != nil {
			return nil, err
		}
		config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: at}
		config.Config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"}
		config.Config.WorkingDir = "/home/nonroot"
		if image, err = mutate.ConfigFile(image, config); err != nil {
			return nil, err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	return index, nil
}

// staticFile is a file or, without text, a folder of the base.
type staticFile struct {
	name, text string
	mode       fs.FileMode
	owner      int
}

func staticFiles(at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []staticFile{
		{"tmp/", "", 0o1777, 0},
		{"etc/", "", 0o755, 0},
		{"etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n", 0o644, 0},
		{"etc/group", "root:x:0:\nnonroot:x:65532:\n", 0o644, 0},
		{"etc/ssl/", "", 0o755, 0},
		{"etc/ssl/certs/", "", 0o755, 0},
		{"etc/ssl/certs/ca-certificates.crt", roots(), 0o644, 0},
		{"home/", "", 0o755, 0},
		{"home/nonroot/", "", 0o700, 65532},
	} {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode), Size: int64(len(f.text)), Uid: f.owner, Gid: f.owner, ModTime: at, Format: tar.FormatUSTAR}
		if f.text == "" {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

// roots are the certificates as a file. A root that is trusted in part only (its
// constraint is code) can't be said there, and stays out.
func roots() string {
	var out bytes.Buffer
	for r := range bundle.Roots() {
		if r.Constraint == nil {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate}))
		}
	}
	return out.String()
}

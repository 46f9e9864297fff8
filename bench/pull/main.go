// Command pull downloads an image as whoever wants to run it has to: every layer,
// its digest checked, decompressed, the digest of what comes out checked too. It
// writes nothing. With -bare layers are downloaded and checked, not decompressed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func main() {
	bare := flag.Bool("bare", false, "do not decompress")
	flag.Parse()
	if err := pull(flag.Arg(0), *bare); err != nil {
		fmt.Fprintln(os.Stderr, "pull:", err)
		os.Exit(1)
	}
}

func pull(image string, bare bool) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	img, err := remote.Image(ref)
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		if err := read(l, bare); err != nil {
			return err
		}
	}
	return nil
}

func read(l v1.Layer, bare bool) error {
	open := l.Uncompressed
	if bare {
		open = l.Compressed
	}
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	if bare {
		_, err = io.Copy(io.Discard, r)
		return err
	}
	want, err := l.DiffID()
	if err != nil {
		return err
	}
	got, _, err := v1.SHA256(r)
	if err == nil && got != want {
		err = fmt.Errorf("%s holds %s, not %s", image(l), got, want)
	}
	return err
}

func image(l v1.Layer) string {
	d, err := l.Digest()
	if err != nil {
		return err.Error()
	}
	return d.String()
}

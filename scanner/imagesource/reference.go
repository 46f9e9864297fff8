package imagesource

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// open finds the images that a reference names.
func (s *Source) open(ctx context.Context, ref string) iter.Seq2[*image, error] {
	kind, rest, ok := strings.Cut(ref, ":")
	if ok {
		switch kind {
		case "docker-archive", "oci-archive":
			return each(func() ([]*image, []*leak.Gap, error) { return s.archive(ctx, rest) })
		case "oci":
			return each(func() ([]*image, []*leak.Gap, error) { return s.layout(rest) })
		case "daemon", "docker-daemon":
			return each(func() ([]*image, []*leak.Gap, error) { return s.daemon(ctx, rest) })
		}
	}
	return s.registry(ctx, ref)
}

func each(read func() ([]*image, []*leak.Gap, error)) iter.Seq2[*image, error] {
	return func(yield func(*image, error) bool) {
		images, missed, err := read()
		if err != nil {
			yield(nil, err)
			return
		}
		give(images, missed, yield)
	}
}

// give yields what was found and tells of what was not; false ends that.
func give(images []*image, missed []*leak.Gap, yield func(*image, error) bool) bool {
	for _, img := range images {
		if !yield(img, nil) {
			return false
		}
	}
	for _, g := range missed {
		if !yield(nil, g) {
			return false
		}
	}
	return true
}

// archive is a tar of images. TAG may follow its name: "app.tar:v1".
func (s *Source) archive(ctx context.Context, ref string) ([]*image, []*leak.Gap, error) {
	file, tag := existing(ref)
	st, err := openTar(ctx, file, func(context.Context) (io.ReadCloser, error) { return os.Open(file) })
	if err != nil {
		return nil, nil, err
	}
	return s.images(st, filepath.Base(file), tag)
}

func (s *Source) layout(ref string) ([]*image, []*leak.Gap, error) {
	dir, tag := existing(ref)
	st, err := openFolder(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("open the layout: %w", err)
	}
	return s.images(st, filepath.Base(dir), tag)
}

// existing divides PATH:TAG, where PATH may have colons itself: what exists counts.
func existing(ref string) (path, tag string) {
	if _, err := os.Stat(ref); err == nil {
		return ref, ""
	}
	if i := strings.LastIndexByte(ref, ':'); i > 0 {
		if _, err := os.Stat(ref[:i]); err == nil {
			return ref[:i], ref[i+1:]
		}
	}
	return ref, ""
}

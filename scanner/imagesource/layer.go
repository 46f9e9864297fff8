package imagesource

import (
	"context"
	"fmt"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// layer is one layer, in all the images that ship it. Its names are written by the
// goroutine that scans it, and read by Settle when that is done.
type layer struct {
	content
	at     []position
	queued bool
	above  []*layer // in the first image, from the next one up
	names
	cache Cache    // nil: there is none
	read  *witness // of what was read of it; nil: it was not opened
}

// position is a layer's place in one image.
type position struct {
	image        string
	index, total int // from 0
	made         string
}

// layerOf is img's layer i. One that another image has too is read once, where it is
// sure that it is the same.
func (s *Source) layerOf(ctx context.Context, img *image, conf *v1.ConfigFile, i int) *layer {
	c := img.layers[i]
	if c.digest == "" && i < len(conf.RootFS.DiffIDs) {
		c.digest = conf.RootFS.DiffIDs[i].String()
	}
	l := s.same(ctx, &c)
	if l == nil {
		l = &layer{content: c, names: newNames()}
		s.layers[c.digest], s.byDigest[c.digest] = append(s.layers[c.digest], l), l
	}
	at := position{image: img.name, index: i, total: len(img.layers)}
	if made := steps(conf); i < len(made) {
		at.made = made[i]
	}
	l.at = append(l.at, at)
	return l
}

// same is the layer that has c's content, if there is one. What an archive says of
// its digests is anybody's word: of two files that claim the same one, both are
// read, and go by their own digests if they are not the same.
func (s *Source) same(ctx context.Context, c *content) *layer {
	if c.digest == "" {
		return nil
	}
	for _, l := range s.layers[c.digest] {
		if l.from == c.from {
			return l
		}
		old, err := l.sum(ctx)
		if err != nil {
			continue
		}
		fresh, err := c.sum(ctx)
		switch {
		case err != nil:
			return nil // whoever scans it will tell why
		case old == fresh:
			return l
		case c.digest != fresh:
			c.digest = fresh
			return s.same(ctx, c)
		}
		delete(s.byDigest, l.digest)
		l.digest = old
		s.byDigest[old] = l
	}
	return nil
}

// stack puts an image's layers on one another. Those that are new are read from
// the top.
func (s *Source) stack(layers []*layer) {
	for i := len(layers) - 1; i >= 0; i-- {
		l := layers[i]
		if l.queued {
			continue
		}
		l.queued = true
		l.above = layers[i+1:]
		s.order = append(s.order, l)
	}
}

func (l *layer) blob(cache Cache) scanner.Blob {
	l.cache = cache
	b := scanner.Blob{
		Place: l.place(""),
		Size:  l.size,
		Open:  l.opened,
		Member: func(name string) (leak.Place, []string, bool) {
			name = strings.TrimPrefix(path.Clean("/"+name), "/")
			l.see(name)
			return l.place(name), nil, true
		},
	}
	if cache != nil {
		b.Memo = memo{l}
	}
	return b
}

// place is where one of the layer's files stands; "" is the layer itself.
func (l *layer) place(name string) leak.Place {
	return leak.ImageFile{Image: l.at[0].image, Layer: l.digest, Name: name}
}

// Settle tells a finding what the whole image knows of it. It is to be called with
// each finding of the scan, in the order in which the scan tells of them.
func (s *Source) Settle(f *leak.Finding) {
	file, ok := f.Place.(leak.ImageFile)
	if !ok {
		return
	}
	l := s.byDigest[file.Layer]
	if l == nil {
		return
	}
	first := l.at[0]
	f.Notes = append(f.Notes, first.String(), l.fate(file.Name))
	for _, more := range l.at[1:] {
		if len(f.Also) < leak.MaxAlso {
			also := f.Sighting
			file.Image = more.image
			also.Place = file
			f.Also = append(f.Also, also)
		}
		f.Seen++
	}
}

func (p position) String() string {
	text := fmt.Sprintf("layer %d of %d", p.index+1, p.total)
	if p.made != "" {
		text += ", made by: " + shorten(p.made)
	}
	return text
}

// fate is what became of a file of this layer in the first image that has it.
func (l *layer) fate(name string) string {
	number := l.at[0].index + 1
	for i, over := range l.above {
		if how := over.hides(name); how != "" {
			return fmt.Sprintf("%s in layer %d, still shipped in layer %d", how, number+1+i, number)
		}
	}
	return "visible in the image"
}

// instructionWidth is as much of an instruction as tells it from others.
const instructionWidth = 100

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > instructionWidth {
		return string(r[:instructionWidth-1]) + "…"
	}
	return s
}

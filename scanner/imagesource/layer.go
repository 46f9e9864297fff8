package imagesource

import (
	"fmt"
	"hash/maphash"
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
	seed   maphash.Seed
	files  map[uint64]struct{} // hashes of its files' names
	gone   map[uint64]struct{} // of what it deletes, a folder with all that is in it
}

// position is a layer's place in one image.
type position struct {
	image        string
	index, total int // from 0
	made         string
}

// layerOf is img's layer i, known by its diff id: the digest of what is packed in
// it, which is the same however it is packed.
func (s *Source) layerOf(img *image, conf *v1.ConfigFile, i int) *layer {
	c := img.layers[i]
	id := c.digest
	if i < len(conf.RootFS.DiffIDs) {
		id = conf.RootFS.DiffIDs[i].String()
	}
	if c.digest == "" {
		c.digest = id
	}
	l := s.layers[id]
	if l == nil {
		l = &layer{content: c, seed: s.seed, files: map[uint64]struct{}{}, gone: map[uint64]struct{}{}}
		s.layers[id], s.byDigest[c.digest] = l, l
	}
	at := position{image: img.name, index: i, total: len(img.layers)}
	if made := steps(conf); i < len(made) {
		at.made = made[i]
	}
	l.at = append(l.at, at)
	return l
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

func (l *layer) blob() scanner.Blob {
	first := l.at[0]
	return scanner.Blob{
		Place: leak.ImageFile{Image: first.image, Layer: l.digest},
		Size:  l.size,
		Open:  l.open,
		Member: func(name string) (leak.Place, []string, bool) {
			name = strings.TrimPrefix(path.Clean("/"+name), "/")
			l.see(name)
			return leak.ImageFile{Image: first.image, Layer: l.digest, Name: name}, nil, true
		},
	}
}

// A layer deletes what lies below it by files with such names
// (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
const (
	whiteout = ".wh."
	opaque   = ".wh..wh..opq" // all that the folder held before
)

func (l *layer) see(name string) {
	dir, base := path.Split(name)
	switch {
	case base == opaque:
		l.gone[l.hash(strings.TrimSuffix(dir, "/")+"/*")] = struct{}{}
	case strings.HasPrefix(base, whiteout):
		l.gone[l.hash(dir+strings.TrimPrefix(base, whiteout))] = struct{}{}
	default:
		l.files[l.hash(name)] = struct{}{}
	}
}

func (l *layer) hash(name string) uint64 { return maphash.String(l.seed, name) }

// hides tells what l does to a file below it: "overwritten", "deleted" or "".
func (l *layer) hides(name string) string {
	if _, ok := l.files[l.hash(name)]; ok {
		return "overwritten"
	}
	if _, ok := l.gone[l.hash(name)]; ok {
		return "deleted"
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if dir == "." {
			dir = ""
		}
		_, folder := l.gone[l.hash(dir)]
		_, content := l.gone[l.hash(dir+"/*")]
		if folder || content {
			return "deleted"
		}
		if dir == "" {
			return ""
		}
	}
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

package filesource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// listAhead bounds how many folders are opened and listed before their turn.
const listAhead = 8

// maxDepth is deeper than any tree that people make; a loop of bind mounts ends here
// if nothing else has noticed it.
const maxDepth = 1000

// walk yields the files below one root in order while the folders to come are
// being listed.
type walk struct {
	ctx   context.Context // of the one Blobs call that it serves
	opt   Options
	yield func(scanner.Blob, error) bool
	ahead chan struct{} // a place is held by each folder listed before its turn
}

// folder is a folder on the way. Its root stays open until the files that were
// yielded from it have been opened, too.
type folder struct {
	root   *os.Root
	name   string // as places name it, "" at the top
	info   fs.FileInfo
	parent *folder
	depth  int

	users   atomic.Int32 // the walk itself, and each file yielded but not opened
	listed  sync.Once
	entries []fs.DirEntry
	err     error
}

func (f *folder) list() {
	f.listed.Do(func() {
		dir, err := f.root.Open(".")
		if err != nil {
			f.err = err
			return
		}
		defer dir.Close()
		f.entries, f.err = readDir(dir)
		slices.SortFunc(f.entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	})
}

func (f *folder) release() {
	if f.users.Add(-1) == 0 {
		f.root.Close()
	}
}

func (f *folder) place(name string) leak.File { return leak.File{Name: join(f.name, name)} }

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// folder yields f's entries; false ends the walk. An entry that cannot be listed
// is a Gap, and what could be listed is still yielded.
func (w *walk) folder(f *folder) bool {
	f.users.Add(1)
	defer f.release()
	f.list()
	if f.err != nil && !w.yield(scanner.Blob{}, unreadable(leak.File{Name: cmp.Or(f.name, ".")}, f.err)) {
		return false
	}
	below := w.openAhead(f)
	for i, e := range f.entries {
		if w.ctx.Err() != nil {
			return false
		}
		if !w.entry(f, e, below[i]) {
			return false
		}
	}
	return true
}

// openAhead starts to list the first of f's folders in the background, as many
// as there is room for.
func (w *walk) openAhead(f *folder) map[int]chan opened {
	below := map[int]chan opened{}
	for i, e := range f.entries {
		if !e.IsDir() || w.skipped(f, e.Name()) {
			continue
		}
		select {
		case w.ahead <- struct{}{}:
		default:
			return below
		}
		coming := make(chan opened, 1)
		below[i] = coming
		go func() {
			sub, err := f.open(e.Name())
			if err == nil {
				sub.list()
			}
			coming <- opened{sub, err}
		}()
	}
	return below
}

type opened struct {
	folder *folder
	err    error
}

// open opens a folder in f, through f's own root.
func (f *folder) open(name string) (*folder, error) {
	root, err := f.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		root.Close()
		return nil, err
	}
	return &folder{root: root, name: join(f.name, name), info: info, parent: f, depth: f.depth + 1}, nil
}

func (w *walk) skipped(f *folder, name string) bool {
	return name == ".git" && f.parent == nil && w.opt.SkipGit
}

func (w *walk) entry(f *folder, e fs.DirEntry, coming chan opened) bool {
	switch mode := e.Type(); {
	case w.skipped(f, e.Name()):
		return true
	case mode.IsDir():
		return w.below(f, e.Name(), coming)
	case mode.IsRegular():
		// A linked worktree's .git is a file. Where it leads nowhere, nobody has
		// scanned the history either.
		if e.Name() == ".git" && f.parent == nil && !w.yield(scanner.Blob{}, repository(f.place(e.Name()))) {
			return false
		}
		f.users.Add(1)
		return w.yield(w.blob(f, e.Name()), nil)
	case mode&fs.ModeSymlink != 0:
		return true
	case mode&fs.ModeIrregular != 0:
		return w.yield(scanner.Blob{}, special(f.place(e.Name()), mode))
	default:
		return w.yield(scanner.Blob{}, special(f.place(e.Name()), mode))
	}
}

// below goes into a folder of f, unless that would lead in a circle, into the
// kernel's own file systems or into another repository's object store.
func (w *walk) below(f *folder, name string, coming chan opened) bool {
	place := f.place(name)
	if name == ".git" {
		if !w.yield(scanner.Blob{}, repository(place)) {
			return false
		}
	}
	var sub *folder
	var err error
	if coming != nil {
		o := <-coming
		<-w.ahead
		sub, err = o.folder, o.err
	} else {
		sub, err = f.open(name)
	}
	if err != nil {
		return w.yield(scanner.Blob{}, unreadable(place, err))
	}
	if gap := sub.passOver(place); gap != nil {
		sub.root.Close()
		return w.yield(scanner.Blob{}, gap)
	}
	return w.folder(sub)
}

// passOver tells why sub is not gone into, nil if it is.
func (f *folder) passOver(place leak.File) *leak.Gap {
	for up := f.parent; up != nil; up = up.parent {
		if os.SameFile(up.info, f.info) {
			return &leak.Gap{Place: place, Class: leak.Boundary, Code: leak.GapSpecial,
				Why: fmt.Errorf("the same folder as %s above it (a mount): scanned there", cmp.Or(up.name, "."))}
		}
	}
	if kernelFS(f.parent.info, f.info, f.root) {
		return &leak.Gap{Place: place, Class: leak.Boundary, Code: leak.GapSpecial,
			Why: errors.New("a kernel file system (proc, sysfs, …): it holds no files")}
	}
	if f.depth > maxDepth {
		return &leak.Gap{Place: place, Class: leak.Failure, Code: leak.GapLimit,
			Why: fmt.Errorf("deeper than %d folders", maxDepth)}
	}
	return nil
}

// repository is the Gap of a .git that this source walks through: hooks and
// config are files like others, packed objects are not readable as files.
func repository(place leak.File) *leak.Gap {
	return &leak.Gap{Place: place, Class: leak.Boundary, Code: leak.GapSubmodule,
		Why: errors.New("another repository: its history is not scanned here (oakum scan git, with its path)")}
}

func (w *walk) blob(f *folder, name string) scanner.Blob {
	return scanner.Blob{Place: f.place(name), Size: -1, Reach: w.opt.Reach,
		Open: func(context.Context) (io.ReadCloser, error) {
			defer f.release()
			return f.openFile(name)
		}}
}

// openFile opens a file that was regular when its folder was listed. O_NONBLOCK
// keeps a pipe that has taken its place from holding the scan up.
func (f *folder) openFile(name string) (io.ReadCloser, error) {
	file, err := f.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, f.opening(name, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = special(f.place(name), info.Mode())
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return sized{file, info.Size()}, nil
}

// opening words the errors of an open. A file that went away since its folder
// was listed is no failure of ours, but it was not looked at.
func (f *folder) opening(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &leak.Gap{Place: f.place(name), Class: leak.Boundary, Code: leak.GapChanged,
			Why: errors.New("went away while the folder was scanned")}
	}
	return unreadable(f.place(name), err)
}

// sized tells the scanner how much there is to read.
type sized struct {
	*os.File
	size int64
}

func (s sized) Size() int64 { return s.size }

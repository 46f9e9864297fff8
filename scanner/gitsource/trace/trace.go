package trace

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

const (
	// MaxDepth is git's core.maxTreeDepth.
	MaxDepth = 2048
	// MaxPaths bounds the further paths known of one blob or tree. Ten trees that
	// name each other ten times make ten billion paths; an honest project's most
	// copied file stands under some hundred.
	MaxPaths = 1000
	// MaxFurther bounds the further paths of all blobs together, and those of all
	// trees: MaxPaths alone would let a pack of 20 MB ask for a billion. Git's own
	// trees have 450.
	MaxFurther = 1 << 20
)

// ErrTree is given to Options.Lost for a tree of which only the first entries parse.
var ErrTree = errors.New("does not parse as a tree")

var errDeep = fmt.Errorf("trees nest deeper than %d", MaxDepth)

// Options say what to look for, and how to get on. All functions but Wanted and
// Lost are called by several goroutines at once.
type Options struct {
	Jobs int // of the walk over the trees
	// Wanted tells which blobs are to be found: they are asked for by the smallest
	// number that has their id. What is named by a tree and is missing, or no blob,
	// is found in any case.
	Wanted func(node int32) bool
	// Token tells whether a name is to be told of. Then all blobs that stand at it
	// or below it are wanted too. nil: none is.
	Token func(worker int, component []byte) bool
	// Read reads a tree that the walk could not, or says why it cannot be had.
	Read func(id object.ID) ([]byte, error)
	// Lost is told of a tree that cannot be visited, or not to its end, whenever a
	// visit comes by it under another path; dir is that, with a slash at its end.
	Lost func(id object.ID, dir string, err error)
}

// Trace is what is known of a history's trees. It is one goroutine's.
type Trace struct {
	opt    Options
	size   int // of an id, in bytes
	walk   walker
	census *census
	names  *names
	chunks *chunks
	blocks *blocks
	lists  []list         // by number of the tree
	bad    map[int32]bool // trees that do not parse to their end
	spare  *worker        // for trees that are read whole

	paths  *paths
	trees  visits
	files  sights
	links  sights
	linkAt map[spot]int32 // what counts there
	stack  []frame
	head   bitset // files
	newest map[uint8]*Newest

	adding sync.RWMutex // a visit that reads a tree adds a list while a Newest reads others
}

// walker is pack.Walk over a forest.
type walker func(ctx context.Context, opt pack.WalkOptions, v pack.Visitor[*folder]) error

// Visit is by what a tree or a blob is reached: a commit's number, -1 for none, and
// how good that is. Both are the caller's, and handed back to it.
type Visit struct {
	Commit int32
	Class  uint8
}

// New reads all trees of a forest, whose ids are of a format. An error is ctx's, or
// that of the walk. Like all methods of a Trace it looks into the forest's indexes,
// which may be mapped files: call it where pack.Guard is around.
func New(ctx context.Context, f *pack.Forest, format object.Format, opt Options) (*Trace, error) {
	walk := func(ctx context.Context, opt pack.WalkOptions, v pack.Visitor[*folder]) error {
		return pack.Walk(ctx, f, opt, v)
	}
	return trace(ctx, f, walk, format, opt)
}

func trace(ctx context.Context, objects Objects, walk walker, format object.Format, opt Options) (*Trace, error) {
	opt.Jobs = max(opt.Jobs, 1)
	t := &Trace{opt: opt, size: format.Size(), walk: walk, census: count(objects, opt.Wanted), names: newNames(),
		trees: newVisits(), files: newSights(), links: newSights(), linkAt: map[spot]int32{}}
	t.paths = newPaths(t.names)
	named, err := t.readAll(ctx, opt.Token)
	if err == nil && named.any() {
		err = t.readNamed(ctx, named)
	}
	return t, err
}

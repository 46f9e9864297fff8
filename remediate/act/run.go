package act

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/remediate/journal"
)

// Kind is what a run is of: the letter that its id begins with.
type Kind string

// What people review before it runs.
const (
	Plans     Kind = "p"
	Rotations Kind = "r"
)

// NewID names a run: the day for people, and 32 random bits.
func (k Kind) NewID(now time.Time) string {
	return string(k) + now.UTC().Format("20060102") + "-" + uuid.NewString()[:8]
}

var idShape = regexp.MustCompile(`^[a-z][0-9]{8}-[0-9a-f]{8}$`)

// IsID tells a run's id from a file's name.
func (k Kind) IsID(s string) bool { return strings.HasPrefix(s, string(k)) && idShape.MatchString(s) }

// OpID is the id of one operation, by which a store or a cloud knows it: a UUID of
// version 5 (RFC 9562), so that whoever tries it again uses the same.
func OpID(of ...string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("oakum:"+strings.Join(of, "/"))).String()
}

// Runs are the ids of all runs of a kind, the oldest first.
func (h Home) Runs(of Kind) (ids []string, err error) {
	entries, err := os.ReadDir(filepath.Join(h.Dir, "runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries { // by name, and so by day
		if of.IsID(e.Name()) {
			ids = append(ids, e.Name())
		}
	}
	return ids, err
}

// Look reads a run without its lock, for people: another process may be at it. Its plan,
// which has that name, is read first. The error is fs.ErrNotExist's where none has begun.
func (h Home) Look(id, name string, plan func(file []byte) error) ([]journal.Record, error) {
	root, err := os.OpenRoot(h.Of(id))
	if err != nil {
		return nil, fmt.Errorf("no run %s: %w", id, err)
	}
	defer root.Close()
	file, err := root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read the plan of the run %s: %w", id, err)
	}
	if err := plan(file); err != nil {
		return nil, err
	}
	return journal.Read(root, h.Key)
}

package remediate

import (
	"context"
	"os"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Tools are what planning and applying need of the world.
type Tools struct {
	Key     *key.Key
	State   string // the folder of runs
	Version string // of oakum
	Who     string // user and host, for the journal
	// TakeOver goes on with a plan that was begun elsewhere.
	TakeOver bool

	// Open reaches a store that is named as --to names it; dir is the target's, in
	// which an age file lies if none is named.
	Open func(ctx context.Context, named, dir string) (store.Driver, error)
	// Check finds what is in texts that stand, or will stand, under names in dir.
	Check func(ctx context.Context, dir string, texts map[string][]byte) ([]*leak.Finding, error)
	// Say tells a person what is done; nil: nobody.
	Say func(format string, args ...any)

	Disk  disk.Disk     // the zero value is the real one
	Store store.Options // the zero value is the default
	Now   func() time.Time
}

func (t *Tools) now() time.Time {
	if t.Now != nil {
		return t.Now().UTC()
	}
	return time.Now().UTC()
}

func (t *Tools) say(format string, args ...any) {
	if t.Say != nil {
		t.Say(format, args...)
	}
}

// open opens a store and says which it is.
func (t *Tools) open(ctx context.Context, named, dir string) (*store.Store, store.Description, error) {
	driver, err := t.Open(ctx, named, dir)
	if err != nil {
		return nil, store.Description{}, err
	}
	s := store.New(driver, t.Store)
	d, err := s.Describe(ctx)
	return s, d, err
}

// opID is the id of a plan's step, for stores.
func opID(plan, step string) string { return act.OpID("plan", plan, step) }

// Home is where runs lie, of plans and of rotations.
func (t *Tools) Home() act.Home {
	return act.Home{Dir: t.State, Key: t.Key, Disk: t.Disk, Who: t.Who, Now: t.now}
}

// inRoot opens a target's folder for one use.
func inRoot(dir string, use func(*os.Root) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return use(root)
}

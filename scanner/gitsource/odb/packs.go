package odb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// packs are the open packs of a database. While it is open, git gc may write new
// packs and remove old ones: the old ones stay open, and the new ones are looked
// for when an object is missed.
type packs struct {
	list atomic.Pointer[[]*packed]
	mu   sync.Mutex // held while folders are listed
	dirs []*packDir
}

// open lists the packs.
func (p *packs) open() []*packed {
	if l := p.list.Load(); l != nil {
		return *l
	}
	return nil
}

// packDir is the folder of packs of an object directory.
type packDir struct {
	dir     *looseDir
	open    map[string]bool // by name of the pack
	told    map[string]bool // files with a gap
	changed time.Time       // when the folder was changed last, as it was listed last
	listed  time.Time
}

// settled is how old a change has to be for a folder's time to tell of the next
// one: some file systems count in steps of two seconds.
const settled = 3 * time.Second

// fresh tells whether the folder is as it was when it was listed.
func (d *packDir) fresh() bool {
	st, err := d.dir.root.Stat("pack")
	if err != nil {
		return d.changed.IsZero()
	}
	return st.ModTime().Equal(d.changed) && d.listed.Sub(d.changed).Abs() > settled
}

// openPacks opens every pack of a directory.
func (db *DB) openPacks(dir *looseDir) {
	d := &packDir{dir: dir, open: map[string]bool{}, told: map[string]bool{}}
	db.packs.dirs = append(db.packs.dirs, d)
	db.listPacks(d)
}

// retry calls look, which looks for something in packs, and once more whenever it
// missed that and packs have come in the meantime.
func (db *DB) retry(look func(packs []*packed) (missed bool)) {
	for packs := db.packs.open(); look(packs); {
		if packs = db.morePacks(packs); packs == nil {
			return
		}
	}
}

// morePacks lists the folders of packs again, unless they are as they were. It is
// nil where there is no other pack than those looked in.
func (db *DB) morePacks(looked []*packed) []*packed {
	db.packs.mu.Lock()
	defer db.packs.mu.Unlock()
	for _, d := range db.packs.dirs {
		if len(db.packs.open()) == len(looked) && !d.fresh() {
			db.listPacks(d)
		}
	}
	if now := db.packs.open(); len(now) > len(looked) {
		return now
	}
	return nil
}

// While git gc is at work, a pack may be without its index (which comes last, and goes
// first) or be gone after it was listed. A folder like that is listed a few times, a
// moment apart, before there is a gap.
const (
	maxListed = 5
	moment    = 10 * time.Millisecond
)

// listPacks opens the packs of a folder that are not open yet.
func (db *DB) listPacks(d *packDir) {
	for turn := 1; ; turn++ {
		d.listed, d.changed = time.Now(), time.Time{}
		if st, err := d.dir.root.Stat("pack"); err == nil {
			d.changed = st.ModTime()
		}
		entries, err := fs.ReadDir(d.dir.root.FS(), "pack")
		gaps, partial := db.openListed(d, entries)
		if err != nil && !os.IsNotExist(err) {
			gaps = append(gaps, failure(d.dir.Label+"/pack", leak.GapUnreadable, err))
		}
		if partial && turn < maxListed && !d.fresh() {
			time.Sleep(moment)
			continue
		}
		for _, g := range gaps {
			if name := g.Place.String(); !d.told[name] {
				d.told[name] = true
				db.addGap(g)
			}
		}
		return
	}
}

// openListed opens what a listing names. partial tells that a file was missed, which
// may be there in a moment.
func (db *DB) openListed(d *packDir, entries []fs.DirEntry) (gaps []*leak.Gap, partial bool) {
	there := map[string]bool{}
	for _, e := range entries {
		there[e.Name()] = true
	}
	for _, e := range entries {
		name := e.Name()
		base, ext := strings.TrimSuffix(name, path.Ext(name)), path.Ext(name)
		var gap *leak.Gap
		switch {
		case strings.HasPrefix(name, "tmp_"), strings.HasPrefix(name, ".tmp-"):
			gap = &leak.Gap{Place: leak.File{Name: d.label(name)}, Class: leak.Boundary, Code: leak.GapUnknown,
				Why: fmt.Errorf("left by an interrupted transfer, git gc removes it")}
		case ext == ".idx" && !there[base+".pack"]:
			gap = failure(d.label(name), leak.GapMissing, fmt.Errorf("its pack is not there: run git fsck, fetch again"))
		case ext == ".pack" && !d.open[base]:
			gap = db.openPack(d, base)
		}
		if gap != nil {
			gaps = append(gaps, gap)
			partial = partial || gap.Code == leak.GapMissing && !d.told[gap.Place.String()]
		}
	}
	return gaps, partial
}

func (d *packDir) label(name string) string { return d.dir.Label + "/pack/" + name }

// openPack opens one pack, and returns what is wrong with it.
func (db *DB) openPack(d *packDir, base string) *leak.Gap {
	file, err := pack.Open(d.dir.root, base, db.format)
	if err == nil {
		p := &packed{File: file, db: db, label: d.label(base + ".pack")}
		list := append(slices.Clip(db.packs.open()), p)
		db.packs.list.Store(&list)
		d.open[base] = true
		if err := file.Damage(); err != nil {
			code, _ := Code(err)
			db.gap(p.label, code, err) // now: it is opened once, but may be listed again
		}
		return nil
	}
	name, index := base+".pack", false
	if open, ok := errors.AsType[*pack.OpenError](err); ok {
		name, index, err = path.Base(open.Name), strings.HasSuffix(open.Name, ".idx"), open.Err
	}
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case missing && index:
		return failure(d.label(base+".pack"), leak.GapMissing, fmt.Errorf("its index is not there: run git index-pack on it"))
	case missing:
		return failure(d.label(name), leak.GapMissing, fmt.Errorf("is gone since it was listed: scan again"))
	case errors.Is(err, pack.ErrIndex):
		err = fmt.Errorf("%w: run git index-pack on its pack", err)
	}
	code, _ := Code(err)
	return failure(d.label(name), code, err)
}

// Packs lists the packs that are open: those of all directories, in the order in
// which objects are looked up. They are closed with the database.
func (db *DB) Packs() []*pack.File {
	var files []*pack.File
	for _, p := range db.packs.open() {
		files = append(files, p.File)
	}
	return files
}

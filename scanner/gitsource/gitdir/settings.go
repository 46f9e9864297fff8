package gitdir

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/config"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
	"github.com/oakum-sec/oakum/scanner/gitsource/odb"
)

// Settings is the little of a repository's configuration that tells how to
// read it. Includes are not followed.
type Settings struct {
	Format   object.Format // extensions.objectFormat
	Promisor bool          // a partial clone: missing objects are the remote's to give
	Worktree string        // core.worktree
	Remote   string        // URL of the remote "origin", "" where there is none
}

const maxConfig = 8 << 20

func (d *Dir) readSettings() error {
	d.Promisor = d.hasPromisorPack()
	b, err := readLimited(d.Shared.FS(), "config", maxConfig)
	conf := config.New()
	if err == nil {
		err = decodeConfig(b, conf)
	}
	if err != nil {
		d.Format = d.formatByNames()
	}
	if err != nil && !notThere(err) {
		d.note("config", leak.GapCorrupt, fmt.Errorf("read configuration: %w", err))
	}
	ext := conf.Section("extensions")
	if s := ext.Option("objectformat"); s != "" {
		if d.Format, err = object.ParseFormat(s); err != nil {
			return fmt.Errorf("read extensions.objectFormat: %w; scan its working tree with oakum scan dir", err)
		}
	}
	if s := ext.Option("refstorage"); s != "" && s != "files" {
		d.note("config", leak.GapUnknown, fmt.Errorf("refs are stored as %q, which oakum cannot read: all objects are scanned, but none is known to be reachable", s))
	}
	d.unknownFormat(conf)
	if d.Worktree = conf.Section("core").Option("worktree"); d.Worktree != "" && d.Work == "" {
		d.Work = Under(d.Git, d.Worktree)
	}
	d.Promisor = d.Promisor || ext.Option("partialclone") != ""
	for _, s := range conf.Section("remote").Subsections {
		d.Promisor = d.Promisor || strings.EqualFold(s.Option("promisor"), "true")
		if s.Name == "origin" {
			d.Remote = s.Option("url")
		}
	}
	return nil
}

// extensions are those that change nothing of how objects and refs are read, or
// are read (git's Documentation/technical/repository-version.txt).
var extensions = []string{"noop", "noop-v1", "preciousobjects", "partialclone", "worktreeconfig", "objectformat", "compatobjectformat", "refstorage", "relativeworktrees"}

// unknownFormat notes what git would refuse to read: a later version may keep
// objects where this one does not look.
func (d *Dir) unknownFormat(conf *config.Config) {
	version := conf.Section("core").Option("repositoryformatversion")
	if version != "" && version != "0" && version != "1" {
		d.note("config", leak.GapUnknown, fmt.Errorf("repository format version %q is not known: there may be more than oakum sees", version))
	}
	if version == "" || version == "0" {
		return // then extensions have no meaning
	}
	for _, o := range conf.Section("extensions").Options {
		if !slices.Contains(extensions, strings.ToLower(o.Key)) {
			d.note("config", leak.GapUnknown, fmt.Errorf("repository extension %q is not known: there may be more than oakum sees", o.Key))
		}
	}
}

// decodeConfig parses b; a decoder that does not cope with hostile input is
// taken as one that refused it.
func decodeConfig(b []byte, into *config.Config) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed: %v", p)
		}
	}()
	return config.NewDecoder(bytes.NewReader(b)).Decode(into)
}

// formatByNames is the format that packs and loose objects are named in: all
// there is to go by where the configuration is damaged or gone.
func (d *Dir) formatByNames() object.Format {
	for _, pattern := range []string{"objects/pack/pack-*.idx", "objects/[0-9a-f][0-9a-f]/*"} {
		names, _ := fs.Glob(d.Shared.FS(), pattern)
		for _, name := range names {
			digits := strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "pack-"), ".idx")
			if len(digits) >= 2*object.SHA256.Size()-2 { // a loose one's first two name its folder
				return object.SHA256
			}
		}
	}
	return object.SHA1
}

func (d *Dir) hasPromisorPack() bool {
	names, _ := fs.Glob(d.Shared.FS(), "objects/pack/*.promisor")
	return len(names) > 0
}

// readShallow reads the commits at which a shallow clone's history ends.
func (d *Dir) readShallow() {
	d.Shallow = map[odb.ID]bool{}
	b, err := readLimited(d.Shared.FS(), "shallow", 64<<20)
	if err != nil && !notThere(err) {
		d.note("shallow", leak.GapUnreadable, err)
	}
	for line := range strings.Lines(string(b)) {
		if h, ok := d.Format.Parse(strings.TrimSpace(line)); ok {
			d.Shallow[h] = true
		}
	}
}

package dynamic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/journal"
	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/vaultlogin"
)

// Tools are what a run works with.
type Tools struct {
	State  string // folder of journals
	Key    *key.Key
	Disk   disk.Disk
	Who    string
	Getenv func(string) string
	// Value resolves the reference to the admin's password.
	Value func(ctx context.Context, r ref.Ref) (leak.Secret, error)
	Say   func(format string, args ...any)
}

// world is what steps look at and change: a Vault, a database, and the journal, which
// says what of it is ours.
type world struct {
	*Tools
	set     *Settings
	vault   *api.Client
	db      *sql.DB
	server  server
	records []journal.Record // of earlier runs
	folder  *act.Folder      // nil where nothing is to be changed
}

func (w *world) say(format string, args ...any) { w.Say(format, args...) }

// journalOf is where the journal of a database's configuration lies. It outlives a
// change of the settings: what was made by older ones is still ours.
func (t *Tools) journalOf(s *Settings) (act.Home, string) {
	return act.Home{Dir: filepath.Join(t.State, "dynamic"), Key: t.Key, Disk: t.Disk, Who: t.Who, Now: time.Now}, s.Database.Name
}

// about is what a journal's folder was begun for: the settings may change, this may not.
func (s *Settings) about(address string) []byte {
	return fmt.Appendf(nil, "%s %s at %s, in Vault at %s\n", s.Database.Kind, s.Database.Name, s.Database.Address, address)
}

// enter connects to both, and opens the journal: to write it where change is true.
func (t *Tools) enter(ctx context.Context, s *Settings, change bool) (w *world, err error) {
	w = &world{Tools: t, set: s}
	entered := false
	defer func() {
		if !entered {
			w.leave()
		}
	}()
	if w.vault, err = vaultlogin.Open(ctx, s.Vault.query(), t.Getenv); err != nil {
		return nil, err
	}
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	home, id := t.journalOf(s)
	if change {
		w.folder, err = home.Open(id, "about.txt", s.about(w.vault.Address()))
	} else {
		w.records, err = t.earlier(home.Of(id))
	}
	entered = err == nil
	return w, err
}

// earlier are the records of runs that there were.
func (t *Tools) earlier(folder string) ([]journal.Record, error) {
	root, err := os.OpenRoot(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return journal.Read(root, t.Key)
}

func (v Vault) query() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{"address": v.Address, "namespace": v.Namespace, "auth": v.Auth, "auth-mount": v.AuthMount, "role": v.AuthRole, "token-file": v.TokenFile} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// connect logs in to the database as the admin.
func (w *world) connect(ctx context.Context) (err error) {
	d, password := w.set.Database, leak.Secret{}
	if d.Admin.Password != "" {
		r, err := ref.Parse(d.Admin.Password)
		if err != nil {
			return err
		}
		if password, err = w.Value(ctx, r); err != nil {
			return fmt.Errorf("database.admin.password: %w", err)
		}
	}
	if d.Kind == PostgreSQL {
		if w.db, err = openPostgres(d, d.Admin.User, password); err == nil {
			w.server = &postgres{set: w.set, db: w.db, made: w.made}
		}
		return err
	}
	if w.db, err = openMySQL(d, d.Admin.User, password); err == nil {
		w.server = &mysql{set: w.set, db: w.db, made: w.made}
	}
	return err
}

func (w *world) leave() {
	if w.db != nil {
		w.db.Close()
	}
	if w.folder != nil {
		w.folder.Close()
	}
}

// history are the journal's records as they are now.
func (w *world) history() []journal.Record {
	if w.folder != nil {
		return w.folder.Journal.Records()
	}
	return w.records
}

func (w *world) made(step string) bool     { return made(w.history(), step) }
func (w *world) happened(step string) bool { return happened(w.history(), step) }

// Package agefile keeps secrets in one file that age encrypts (age-encryption.org/v1):
// the store that needs nothing installed. The file lies in the repository or beside
// it, and may be committed; who may read it are its recipients.
//
// Its promises: the file is replaced as a whole or not at all; two writers do not pass
// each other, on one machine; and the identity that opens it never lies where the
// file's readers would find it, which is the same repository or folder.
//
// Its limits: at most 64 KiB a value and 16 MiB a file. What is moved here was only
// moved: it is as leaked as before, until it is rotated.
package agefile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/lock"
	"github.com/oakum-sec/oakum/remediate/store"
)

// MaxValue is the most bytes that a value has, as in AWS Secrets Manager and Google
// Secret Manager, so that what is kept here can be moved on.
const MaxValue = 64 << 10

// Options say where things lie.
type Options struct {
	File     string // the encrypted file; its folder must be there
	Named    string // as references name it; "" is its base name
	Identity Identity
	Locks    string // the folder of lock files; in the user's state folder, so that none lies in the repository
	Disk     disk.Disk
}

// Driver is the store.Driver of one file.
type Driver struct {
	opt  Options
	file string // absolute, links resolved

	lately sync.Mutex
	read   *content    // what the file held when it was read last; only looked at
	as     os.FileInfo // of that file: a write puts another one in its place
	known  known
}

var (
	_ store.BatchPromoter = (*Driver)(nil)
	_ store.BatchWriter   = (*Driver)(nil)
)

// Open makes a driver. The file need not be there: the first write makes it.
func Open(opt Options) (*Driver, error) {
	dir, err := filepath.Abs(filepath.Dir(opt.File))
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open the age file: %w; make its folder first", err)
	}
	if opt.Named == "" {
		opt.Named = filepath.Base(opt.File)
	}
	return &Driver{opt: opt, file: filepath.Join(dir, filepath.Base(opt.File))}, nil
}

// Describe names the file. References name it as the user does, relative to the
// repository's root.
func (d *Driver) Describe(context.Context) (store.Description, error) {
	return store.Description{
		Kind:     "agefile",
		Identity: d.file,
		Ref:      store.Ref{Prefix: "ref+age://" + filepath.ToSlash(d.opt.Named) + "#/"},
		Names:    store.Names{Pattern: `[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*`, Max: 256, Join: "/"},
		MaxValue: MaxValue, Atomic: true, Flat: true,
	}, nil
}

func (d *Driver) Stat(ctx context.Context, name string) (store.Entry, error) {
	c, err := d.look(ctx)
	if err != nil {
		return store.Entry{}, err
	}
	k, err := c.find(name)
	if err != nil {
		return store.Entry{}, err
	}
	return k.entry(name, k.Current), nil
}

func (d *Driver) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	c, err := d.look(ctx)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	k, err := c.find(name)
	if err != nil {
		return store.Entry{}, leak.Secret{}, err
	}
	n := k.Current
	if version != "" {
		n, _ = strconv.Atoi(version) // 0 is no version
	}
	v, ok := k.Values[n]
	if !ok {
		return store.Entry{}, leak.Secret{}, store.Failf(store.NotFound, "%s has no version %s", d.file, version)
	}
	return k.entry(name, n), leak.NewSecret(v), nil
}

func (d *Driver) Write(ctx context.Context, w store.Write) (version string, err error) {
	err = d.change(ctx, func(c *content) error {
		version, err = c.write(w)
		return err
	})
	return version, err
}

// WriteAll replaces the file once; what is refused of one entry leaves it as it was.
func (d *Driver) WriteAll(ctx context.Context, all []store.Write) error {
	return d.change(ctx, func(c *content) error {
		for _, w := range all {
			if _, err := c.write(w); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Driver) Delete(ctx context.Context, name, version string) error {
	return d.change(ctx, func(c *content) error {
		k, err := c.find(name)
		if err != nil {
			return err
		}
		if version != strconv.Itoa(k.Current) {
			return store.Failf(store.Conflict, "version %d is current, not %s", k.Current, version)
		}
		delete(c.Entries, name)
		return nil
	})
}

func (d *Driver) Promote(ctx context.Context, name, version, from string) error {
	return d.PromoteAll(ctx, []store.Promotion{{Name: name, Version: version, From: from}})
}

// PromoteAll replaces the file once.
func (d *Driver) PromoteAll(ctx context.Context, all []store.Promotion) error {
	return d.change(ctx, func(c *content) error {
		for _, p := range all {
			k, err := c.own(p.Name)
			if err != nil {
				return err
			}
			if err := k.promote(p.Version, p.From); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Driver) Abandon(ctx context.Context, name, version string) error {
	return d.change(ctx, func(c *content) error {
		k, err := c.own(name)
		if err == nil {
			k.abandon(version)
		}
		return err
	})
}

// Tidy takes away the new content of a file whose writing was cut off.
func (d *Driver) Tidy(ctx context.Context, _, _ string) error {
	root, err := os.OpenRoot(filepath.Dir(d.file))
	if err != nil {
		return fileError("tidy", err)
	}
	defer root.Close()
	held, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	if err := d.opt.Disk.Tidy(root, filepath.Base(d.file)); err != nil {
		return fileError("tidy", err)
	}
	return nil
}

// change reads, changes and writes the file, alone.
func (d *Driver) change(ctx context.Context, how func(*content) error) error {
	held, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer held.Release()
	c, err := d.load(ctx)
	if err != nil {
		return err
	}
	c = c.open()
	if err := how(c); err != nil {
		return err
	}
	return d.save(c)
}

// patience is how long a writer waits for another one: a write takes milliseconds.
const patience = 5 * time.Second

func (d *Driver) lock(ctx context.Context) (*lock.Lock, error) {
	sum := sha256.Sum256([]byte(d.file))
	file := filepath.Join(d.opt.Locks, "age-"+hex.EncodeToString(sum[:8])+".lock")
	for end := time.Now().Add(patience); ; {
		if err := ctx.Err(); err != nil {
			return nil, store.Fail(store.Canceled, err)
		}
		held, err := lock.Take(file, "oakum writes "+d.file)
		if err == nil {
			return held, nil
		}
		if !errors.Is(err, lock.ErrHeld) || time.Now().After(end) {
			return nil, store.Fail(store.Unavailable, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// look is what the file holds, for reading alone. A migration asks for thousands of
// names; the file is decrypted again where it is another one than before.
func (d *Driver) look(ctx context.Context) (*content, error) {
	d.lately.Lock()
	defer d.lately.Unlock()
	is, err := os.Stat(d.file)
	if err == nil && d.read != nil && os.SameFile(is, d.as) && is.ModTime().Equal(d.as.ModTime()) && is.Size() == d.as.Size() && ctx.Err() == nil {
		return d.read, nil
	}
	d.read = nil
	c, loadErr := d.load(ctx)
	if loadErr == nil && err == nil {
		d.read, d.as = c, is // a file that was replaced in between is another one the next time
	}
	return c, loadErr
}

// load reads the file; one that is not there holds nothing.
func (d *Driver) load(ctx context.Context) (*content, error) {
	if err := ctx.Err(); err != nil {
		return nil, store.Fail(store.Canceled, err)
	}
	if err := d.opt.Identity.apart(d.file); err != nil {
		return nil, store.Fail(store.InvalidArgument, err)
	}
	sealed, err := os.ReadFile(d.file)
	if errors.Is(err, fs.ErrNotExist) {
		return &content{Version: 1, Entries: map[string]*kept{}}, nil
	}
	if err != nil {
		return nil, fileError("read", err)
	}
	return d.decrypt(sealed)
}

// save writes the file. One that holds nothing is removed: it was not there before its
// first entry either.
func (d *Driver) save(c *content) error {
	root, err := os.OpenRoot(filepath.Dir(d.file))
	if err != nil {
		return fileError("write", err)
	}
	defer root.Close()
	if len(c.Entries) == 0 {
		if err := d.opt.Disk.Remove(root, filepath.Base(d.file)); err != nil {
			return fileError("remove", err)
		}
		return nil
	}
	sealed, err := d.encrypt(c)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o600)
	if info, err := root.Stat(filepath.Base(d.file)); err == nil {
		mode = info.Mode()
	}
	if err := d.opt.Disk.Replace(root, filepath.Base(d.file), sealed, mode); err != nil {
		return fileError("write", err)
	}
	return nil
}

func fileError(verb string, err error) error {
	code := store.Unknown
	if errors.Is(err, fs.ErrPermission) {
		code = store.PermissionDenied
	}
	return store.Fail(code, fmt.Errorf("%s the age file: %w", verb, err))
}

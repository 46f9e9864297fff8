// Package layercache keeps what was told of image layers in a folder of the user, so
// that the second image of a family costs what it does not share with the first.
//
// It promises that a record is believed only for the layer, rules, options and build of
// oakum that it was made with, and only as it was written: each is sealed
// (AES-256-GCM) under a key that lies beside it. What is cut, damaged, foreign or of
// another layer's name is no record, and the layer is read. No value that was found is
// in a record, nor the name of an image.
//
// Its limits: who can write the folder can make the next scan tell what he likes, so
// it belongs where the images that are judged cannot write. Findings that come from a
// record have no value: who needs one ([Options].Values) gets no record with findings
// in it. Nothing here ever fails a scan: what cannot be kept is read again.
package layercache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"time"

	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// Options of a Store; the zero value is the default.
type Options struct {
	Values bool      // findings' values are needed: to show them, to ask issuers, to compare hashes
	Now    time.Time // for tokens that expire; zero: when a record is asked for
	Limit  int64     // of all records, in bytes; 0: DefaultLimit
}

// DefaultLimit is room for some thousand layers: that of a Debian base system with
// 12,000 files and 27 findings takes 140 kB.
const DefaultLimit = 256 << 20

// Store is a folder of records. It is safe for concurrent use, by processes too.
type Store struct {
	root   *os.Root
	world  []byte
	key    []byte
	seal   cipher.AEAD
	opt    Options
	recall atomic.Int64
}

var _ imagesource.Cache = (*Store)(nil)

// magic begins each record. The number is raised with any change of what is in one.
const magic = "oakum layer 1\n"

// recordLimit is the largest record, in bytes: that of a layer with a million files.
const recordLimit = 16 << 20

// keyFile holds 32 random bytes.
const keyFile = "key"

// Open opens the store in dir, which it makes, for its user alone. world stands for
// all that decides what is told of a layer: rules, options, the build of oakum.
func Open(dir string, world []byte, opt Options) (*Store, error) {
	if opt.Limit == 0 {
		opt.Limit = DefaultLimit
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the cache of layers: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the cache of layers: %w", err)
	}
	s := &Store{root: root, world: world, opt: opt}
	if s.key, err = readKey(root); err == nil {
		s.seal, err = sealOf(s.key)
	}
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("open the cache of layers in %s: %w", dir, err)
	}
	return s, nil
}

// Close closes the store. Records are on disk already.
func (s *Store) Close() error { return s.root.Close() }

// Recalled is how many layers were not read, thanks to the store.
func (s *Store) Recalled() int64 { return s.recall.Load() }

// readKey reads the folder's key, and makes it where there is none. Of two processes
// that make it at once one comes first, and the other one takes what that has written.
func readKey(root *os.Root) ([]byte, error) {
	key := make([]byte, 32)
	f, err := root.OpenFile(keyFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		rand.Read(key)
		_, err = f.Write(key)
		return key, errors.Join(err, f.Close())
	}
	if !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if f, err = root.Open(keyFile); err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := io.ReadFull(f, key); err != nil {
		return nil, fmt.Errorf("its key is no key (%w): remove the folder", err)
	}
	return key, nil
}

func sealOf(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// about is what a record is about. A file under another one's name does not open.
func (s *Store) about(digest string) []byte {
	return fmt.Appendf(nil, "%s%d %s %d %s", magic, len(s.world), s.world, len(digest), digest)
}

// suffix ends a record's name.
const suffix = ".layer"

func (s *Store) name(digest string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write(s.about(digest))
	return hex.EncodeToString(mac.Sum(nil))[:40] + suffix
}

// Has tells whether there may be a record.
func (s *Store) Has(digest string) bool {
	info, err := s.root.Stat(s.name(digest))
	return err == nil && info.Mode().IsRegular()
}

// Get reads a layer's record, if there is one that can be believed and used.
func (s *Store) Get(digest string) (*imagesource.Record, bool) {
	name := s.name(digest)
	sealed, err := s.read(name)
	if err != nil {
		return nil, false
	}
	text, err := s.open(sealed, digest)
	if err != nil {
		s.root.Remove(name) // it is ours by its name, and of no use
		return nil, false
	}
	r, err := decode(text)
	if err != nil || !r.Good(s.now()) || s.opt.Values && hasFindings(r) {
		return nil, false
	}
	s.root.Chtimes(name, time.Time{}, time.Now()) // what is used stays
	s.recall.Add(1)
	return r, true
}

func (s *Store) now() time.Time {
	if s.opt.Now.IsZero() {
		return time.Now()
	}
	return s.opt.Now
}

func hasFindings(r *imagesource.Record) bool {
	for _, e := range r.Told.Events {
		if e.Finding != nil {
			return true
		}
	}
	return false
}

func (s *Store) read(name string) ([]byte, error) {
	f, err := s.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > recordLimit {
		return nil, errors.Join(err, errors.New("no record"))
	}
	return io.ReadAll(io.LimitReader(f, recordLimit))
}

var errDamaged = errors.New("damaged")

func (s *Store) open(sealed []byte, digest string) ([]byte, error) {
	n := s.seal.NonceSize()
	if len(sealed) < len(magic)+n || string(sealed[:len(magic)]) != magic {
		return nil, errDamaged
	}
	sealed = sealed[len(magic):]
	return s.seal.Open(nil, sealed[:n], sealed[n:], s.about(digest))
}

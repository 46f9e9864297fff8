package agefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"filippo.io/age"
	"filippo.io/age/armor"

	"github.com/oakum-sec/oakum/remediate/store"
)

// maxFile is the most that a file decrypts to.
const maxFile = 16 << 20

// keepVersions is how many values of a name are kept: the current one, the one
// before, and one that waits.
const keepVersions = 3

// content is what is encrypted: JSON, so that `age -d` shows it.
type content struct {
	Version    int              `json:"version"`
	Recipients []string         `json:"recipients,omitempty"` // everybody who may read; none: a passphrase does it
	Entries    map[string]*kept `json:"entries"`
}

// kept is a name's entry. encoding/json writes its values in base64, so that they may
// be any bytes.
type kept struct {
	Tags    map[string]string `json:"tags,omitempty"`
	Current int               `json:"current"`
	Pending int               `json:"pending,omitempty"`
	Last    int               `json:"last"`
	Values  map[int][]byte    `json:"values"`
}

func (c *content) find(name string) (*kept, error) {
	if k := c.Entries[name]; k != nil {
		return k, nil
	}
	return nil, store.Failf(store.NotFound, "the age file has no entry of this name")
}

// open is a copy for a writer: it has a map of its own, and each entry that it changes
// it takes by own. What others look at stays as it is.
func (c *content) open() *content {
	return &content{c.Version, slices.Clone(c.Recipients), maps.Clone(c.Entries)}
}

// own finds an entry to change it.
func (c *content) own(name string) (*kept, error) {
	k, err := c.find(name)
	if err != nil {
		return nil, err
	}
	mine := *k
	mine.Tags, mine.Values = maps.Clone(k.Tags), map[int][]byte{}
	for n, v := range k.Values {
		mine.Values[n] = bytes.Clone(v)
	}
	c.Entries[name] = &mine
	return &mine, nil
}

func (k *kept) entry(name string, version int) store.Entry {
	e := store.Entry{Name: name, Version: strconv.Itoa(version), Tags: maps.Clone(k.Tags)}
	if k.Pending > 0 {
		e.Pending = strconv.Itoa(k.Pending)
	}
	return e
}

func (c *content) write(w store.Write) (version string, err error) {
	k, _ := c.own(w.Name)
	switch {
	case k == nil && w.From != "":
		return "", store.Failf(store.NotFound, "the age file has no entry of this name")
	case k == nil:
		k = &kept{Values: map[int][]byte{}}
		c.Entries[w.Name] = k
	case w.From == "":
		return "", store.Failf(store.AlreadyExists, "the age file has an entry of this name")
	case w.From != strconv.Itoa(k.Current):
		return "", store.Failf(store.Conflict, "version %d is current, not %s", k.Current, w.From)
	}
	k.Last++
	k.Tags = maps.Clone(w.Tags)
	err = w.Value.Reveal(func(value []byte) error {
		k.Values[k.Last] = bytes.Clone(value)
		return nil
	})
	if w.Pending {
		k.Pending = k.Last
	} else {
		k.Current = k.Last
	}
	k.forget()
	return strconv.Itoa(k.Last), err
}

func (k *kept) promote(version, from string) error {
	switch {
	case version == strconv.Itoa(k.Current):
		return nil
	case from != strconv.Itoa(k.Current):
		return store.Failf(store.Conflict, "version %d is current, not %s", k.Current, from)
	case version != strconv.Itoa(k.Pending):
		return store.Failf(store.NotFound, "version %s does not wait to be promoted", version)
	}
	k.Current, k.Pending = k.Pending, 0
	return nil
}

// abandon drops a version that waits, with its value.
func (k *kept) abandon(version string) {
	if k.Pending > 0 && version == strconv.Itoa(k.Pending) {
		clear(k.Values[k.Pending])
		delete(k.Values, k.Pending)
		k.Pending = 0
	}
}

// forget drops the oldest values.
func (k *kept) forget() {
	for _, n := range slices.Sorted(maps.Keys(k.Values)) {
		if len(k.Values) <= keepVersions {
			return
		}
		if n != k.Current && n != k.Pending {
			clear(k.Values[n])
			delete(k.Values, n)
		}
	}
}

// encrypt makes the file. It is armored, so that mail, editors and line-end
// conversion in a repository leave it whole.
func (d *Driver) encrypt(c *content) ([]byte, error) {
	to, err := d.opt.Identity.recipients(c)
	if err != nil {
		return nil, store.Fail(store.Unauthenticated, err)
	}
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	d.known.wrote(plain, c)
	if len(plain) > maxFile {
		return nil, store.Failf(store.TooLarge, "the age file would hold %d bytes, more than %d: keep some in another one", len(plain), maxFile)
	}
	var out bytes.Buffer
	armored := armor.NewWriter(&out)
	w, err := age.Encrypt(armored, to...)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = armored.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt the age file: %w", err)
	}
	return out.Bytes(), nil
}

// decrypt opens the file.
func (d *Driver) decrypt(sealed []byte) (*content, error) {
	if c := d.known.opened(sealed); c != nil {
		return c, nil
	}
	ids, err := d.opt.Identity.identities()
	if err != nil {
		return nil, store.Fail(store.Unauthenticated, err)
	}
	r, err := age.Decrypt(armor.NewReader(bytes.NewReader(sealed)), ids...)
	if err != nil {
		return nil, store.Failf(store.PermissionDenied, "open %s: %w; it is for other identities (%s)", d.file, err, d.opt.Identity)
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	defer clear(plain)
	if err != nil || len(plain) > maxFile {
		return nil, store.Failf(store.Unknown, "read %s: it is damaged or larger than %d bytes; take it from a backup or from git", d.file, maxFile)
	}
	c := d.known.holds(plain)
	if c == nil {
		if c, err = d.parse(plain); err != nil {
			return nil, err
		}
	}
	d.known.is(sealed, plain, c)
	return c, nil
}

// parse reads what was encrypted, strictly.
func (d *Driver) parse(plain []byte) (*content, error) {
	var c content
	dec := json.NewDecoder(bytes.NewReader(plain))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&c); err != nil || c.Version != 1 || c.Entries == nil {
		return nil, store.Failf(store.Unknown, "%s does not hold what this version of oakum writes", d.file)
	}
	for name, k := range c.Entries {
		if k == nil || k.Values[k.Current] == nil && k.Current != 0 {
			return nil, store.Failf(store.Unknown, "%s: the entry %s has no current value", d.file, name)
		}
	}
	return &c, nil
}

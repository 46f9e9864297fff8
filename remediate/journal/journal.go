// Package journal writes down what a run is about to do, did, and made sure of:
// one JSON line a record, on the disk before the next step is taken.
//
// Its promises: a record that cannot be written ends the run before the act that it
// announces (a full disk, a failed fsync); records are chained by HMACs with the
// user's key, and a second file names the last one, so that a record which was
// changed, taken out, put in or cut off is refused with its place; and there is no
// value in it, only tags.
//
// Its limits: a last line that has no end is what a crash leaves, and is dropped.
// Whoever puts back an older journal together with its older head is not noticed;
// that is why a run looks at the world, takes the journal for a hint, and has its head
// stand in the store's tags.
package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/key"
)

// Phase is how far a step is.
type Phase string

const (
	Begin    Phase = "begin"    // a run begins, or goes on
	Intent   Phase = "intent"   // about to act
	Effect   Phase = "effect"   // acted
	Verified Phase = "verified" // looked at what came of it
	Skipped  Phase = "skipped"  // was so already
	Failed   Phase = "failed"   // and why
	Waiting  Phase = "waiting"  // and for what: a time, a person
	Undoing  Phase = "undoing"  // about to take back
	Undone   Phase = "undone"   // taken back, and looked at
	End      Phase = "end"      // a run's last word
)

// Record is one line.
type Record struct {
	Seq   int       `json:"seq"`
	Time  time.Time `json:"time"`
	Who   string    `json:"who"`  // user, host and process
	Plan  string    `json:"plan"` // its id
	Phase Phase     `json:"phase"`
	Step  string    `json:"step,omitempty"` // its id in the plan
	Text  string    `json:"text,omitempty"` // for people
	Tags  []string  `json:"tags,omitempty"` // of the values that it is about
	With  int       `json:"with,omitempty"` // how many more records were written together with this one
	MAC   string    `json:"mac"`
}

// Journal is open for writing, by one process.
type Journal struct {
	key     *key.Key
	disk    disk.Disk
	root    *os.Root
	f       *os.File
	records []Record
	last    string // MAC of the last record
	broken  error
	Now     func() time.Time
	Who     string
}

// The files of a journal, in a folder that it shares with the run's other files.
const (
	Name     = "journal.jsonl"
	headName = "journal.head"
)

// maxJournal is more than a run of a hundred thousand steps writes.
const maxJournal = 256 << 20

// head is what the second file says.
type head struct {
	Seq  int    `json:"seq"`
	Last string `json:"last"`
	MAC  string `json:"mac"`
}

func (h head) sign(k *key.Key) string {
	return k.MAC([]byte("oakum journal head"), fmt.Append(nil, h.Seq), []byte(h.Last))
}

// ErrTampered is in the error about a journal that somebody changed.
var ErrTampered = errors.New("the journal was changed by somebody else")

// Open opens the journal in root, or begins one. What a crash left of a last line is
// cut off.
func Open(root *os.Root, k *key.Key, d disk.Disk) (*Journal, error) {
	j := &Journal{key: k, disk: d, root: root, Now: time.Now}
	text, err := content(root)
	if err != nil {
		return nil, err
	}
	named := 0
	if j.records, j.last, named, err = read(root, text, k); err != nil {
		return nil, err
	}
	if j.f, err = root.OpenFile(Name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	whole := int64(bytes.LastIndexByte(text, '\n') + 1)
	if whole < int64(len(text)) {
		err = errors.Join(j.f.Truncate(whole), j.f.Sync())
	}
	if err == nil && named < len(j.records) { // or a second crash would leave the head two behind
		err = j.writeHead()
	}
	if err != nil {
		j.f.Close()
		return nil, fmt.Errorf("mend what a crash left of the journal: %w", err)
	}
	return j, nil
}

// Read gives the records of the journal in root.
func Read(root *os.Root, k *key.Key) ([]Record, error) {
	text, err := content(root)
	if err != nil {
		return nil, err
	}
	records, _, _, err := read(root, text, k)
	return records, err
}

func content(root *os.Root) ([]byte, error) {
	f, err := root.Open(Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxJournal+1))
	if err == nil && len(text) > maxJournal {
		err = fmt.Errorf("it has more than %d bytes", maxJournal)
	}
	if err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return text, nil
}

// Close ends writing.
func (j *Journal) Close() error { return j.f.Close() }

// Records are those that were there, and those that were added.
func (j *Journal) Records() []Record { return j.records }

// Head is the MAC of the last record, which stands for all before it; "" where there is none.
func (j *Journal) Head() string { return j.last }

// Add writes a record. Where it returns an error, nothing may be done that the record
// would have announced; and no further record is taken, because what the disk holds is
// not known after a failed write.
func (j *Journal) Add(r Record) error { return j.AddAll([]Record{r}) }

// AddAll is Add of several records, which the disk is waited for once. The first one says
// how many come with it: of those a crash may leave some, without a head that names them.
func (j *Journal) AddAll(all []Record) error {
	if j.broken != nil || len(all) == 0 {
		return j.broken
	}
	var lines []byte
	records, last := j.records, j.last
	for i, r := range all {
		r.Seq, r.Time, r.Who = len(records)+1, j.Now().UTC().Round(time.Microsecond), j.Who
		if i == 0 {
			r.With = len(all) - 1
		}
		line, err := r.seal(j.key, last)
		if err != nil {
			return j.stop(err)
		}
		lines = append(append(lines, line...), '\n')
		records, last = append(records, r), r.MAC
	}
	if err := j.disk.Append(j.f, Name, lines); err != nil {
		return j.stop(err)
	}
	j.records, j.last = records, last
	if err := j.writeHead(); err != nil {
		return j.stop(err)
	}
	return nil
}

// stop is the error after which nothing more is written.
func (j *Journal) stop(err error) error {
	j.broken = fmt.Errorf("write the journal: %w; nothing was done after the last record. Make room or mend the disk, then resume", err)
	return j.broken
}

// writeHead names the last record.
func (j *Journal) writeHead() error {
	h := head{Seq: len(j.records), Last: j.last}
	h.MAC = h.sign(j.key)
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return j.disk.Replace(j.root, headName, append(text, '\n'), 0o600)
}

// seal sets the record's MAC, which covers the one before, and gives its line.
func (r *Record) seal(k *key.Key, before string) ([]byte, error) {
	r.MAC = ""
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	r.MAC = k.MAC([]byte("oakum journal"), []byte(before), body)
	return json.Marshal(r)
}

package rotate

import (
	"io"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// Schema names the layout of an order.
const Schema = "oakum-rotation/1"

// Order says what a rotation will do. It is a file that people review, and holds no
// value; its MAC covers all of it.
type Order struct {
	Schema   string    `json:"schema"`
	ID       string    `json:"id"`
	Op       string    `json:"op"` // a UUID: the idempotency token of all that it does
	Created  time.Time `json:"created"`
	Tool     string    `json:"tool"`
	Key      string    `json:"key_id"`
	Name     string    `json:"name"`     // of the settings' entry
	File     string    `json:"settings"` // the settings' file, absolute
	Settings string    `json:"settings_tag"`
	Kind     string    `json:"kind"`
	Proven   string    `json:"proven,omitempty"` // what the rotator was tried against; "" is experimental
	Exposure Exposure  `json:"exposure"`
	Store    Store     `json:"store"`
	Subject  Subject   `json:"subject"`
	Tags     []string  `json:"tags"`            // of the old credential's secret parts
	Tried    string    `json:"tried,omitempty"` // from where the new one is, and what that is worth
	Dwell    string    `json:"dwell"`
	Watch    string    `json:"watch"`
	Stages   []Stage   `json:"stages"`
	MAC      string    `json:"mac"`
}

// Store is the entry that holds the credential, or the entries. Another store under the
// same name, or another version, is refused.
type Store struct {
	Target   string `json:"target"`
	Kind     string `json:"kind"`
	Identity string `json:"identity"`
	Entry    string `json:"entry"`   // of several, all their names
	Version  string `json:"version"` // of several, all of them
	Parts    []Held `json:"parts,omitempty"`
}

// Held is one of several entries.
type Held struct {
	Part    string `json:"part"`
	Entry   string `json:"entry"`
	Version string `json:"version"`
}

// hold notes what stands where.
func (s *Store) hold(p place) {
	var versions []string
	for i, one := range p.slots {
		versions = append(versions, one.from)
		if p.parts != nil {
			s.Parts = append(s.Parts, Held{p.parts[i], one.name, one.from})
		}
	}
	s.Entry, s.Version = p.String(), strings.Join(versions, ",")
}

// held are the entries: the only one, or that of each part.
func (s Store) held() []Held {
	if s.Parts != nil {
		return s.Parts
	}
	return []Held{{Entry: s.Entry, Version: s.Version}}
}

// Entries are the names of all entries.
func (s Store) Entries() (names []string) {
	for _, h := range s.held() {
		names = append(names, h.Entry)
	}
	return names
}

// Stage is one step of it, for people.
type Stage struct {
	ID           string `json:"id"`
	Text         string `json:"text"`
	Risk         string `json:"risk,omitempty"`
	Undo         string `json:"undo"`
	Approval     bool   `json:"approval,omitempty"` // asks for the order's hash
	Irreversible bool   `json:"irreversible,omitempty"`
}

// maxOrder is more than an order with a thousand consumers has.
const maxOrder = 4 << 20

var orderFile = signed.Format{Word: "order", Schema: Schema, Label: "oakum rotation", Max: maxOrder,
	Writer: "oakum remediate rotate --dry-run --out FILE", Again: "order again"}

// Marks tell whose an order is.
func (o *Order) Marks() signed.Marks { return signed.Marks{Schema: o.Schema, Key: o.Key, MAC: &o.MAC} }

// ReadOrder reads an order strictly, and checks that it is the user's own.
func ReadOrder(r io.Reader, k *key.Key) (*Order, []byte, error) {
	o := &Order{}
	text, err := orderFile.Read(r, o, k)
	if err != nil {
		return nil, nil, err
	}
	return o, text, nil
}

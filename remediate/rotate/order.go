package rotate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/oakum-sec/oakum/remediate/key"
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
	Tags     []string  `json:"tags"` // of the old credential's secret parts
	Dwell    string    `json:"dwell"`
	Watch    string    `json:"watch"`
	Stages   []Stage   `json:"stages"`
	MAC      string    `json:"mac"`
}

// Store is the entry that holds the credential. Another store under the same name, or
// another version, is refused.
type Store struct {
	Target   string `json:"target"`
	Kind     string `json:"kind"`
	Identity string `json:"identity"`
	Entry    string `json:"entry"`
	Version  string `json:"version"`
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

// Hash is what --approve wants: of the whole file.
func Hash(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// Encode is the order as a file.
func (o *Order) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(o, "", "  ")
	return append(b, '\n'), err
}

func (o *Order) sign(k *key.Key) error {
	o.MAC = ""
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	o.MAC = k.MAC([]byte("oakum rotation"), body)
	return nil
}

// ErrForeign is in the error about an order that was not made with this user's key, or
// was changed since.
var ErrForeign = errors.New("the order was not made with your key, or was changed since")

// maxOrder is more than an order with a thousand consumers has.
const maxOrder = 4 << 20

// ReadOrder reads an order strictly, and checks that it is the user's own.
func ReadOrder(r io.Reader, k *key.Key) (*Order, []byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxOrder))
	if err != nil {
		return nil, nil, fmt.Errorf("read the order: %w", err)
	}
	var o Order
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		return nil, nil, fmt.Errorf("read the order: %w; `oakum remediate rotate --dry-run --out FILE` writes one", err)
	}
	switch {
	case o.Schema != Schema:
		return nil, nil, fmt.Errorf("read the order: its layout is %q, and this oakum reads %q: order again", o.Schema, Schema)
	case o.Key != k.ID:
		return nil, nil, fmt.Errorf("%w: it needs key %s, and yours is %s (OAKUM_KEY_FILE names another)", ErrForeign, o.Key, k.ID)
	}
	said := o.MAC
	if err := o.sign(k); err != nil {
		return nil, nil, err
	}
	again, err := o.Encode()
	if err != nil {
		return nil, nil, err
	}
	if !key.Same(said, o.MAC) || !bytes.Equal(again, text) {
		return nil, nil, fmt.Errorf("%w: order again", ErrForeign)
	}
	return &o, text, nil
}

// newID names an order: the day for people, and 32 random bits.
func newID(now time.Time) string {
	return "r" + now.UTC().Format("20060102") + "-" + uuid.NewString()[:8]
}

var idShape = regexp.MustCompile(`^r[0-9]{8}-[0-9a-f]{8}$`)

// IsID tells an order's id from a file's name.
func IsID(s string) bool { return idShape.MatchString(s) }

// opID is the id of all that an order does: a UUID of version 5 (RFC 9562).
func opID(order string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("oakum:rotation/"+order)).String()
}

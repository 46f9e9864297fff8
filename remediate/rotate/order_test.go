package rotate

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/key"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// TestOrderTooLong: an order that is longer than any is refused for that, and not for
// what its cut-off text looks like.
func TestOrderTooLong(t *testing.T) {
	secret := make([]byte, 32)
	rand.Read(secret)
	k, err := key.New(secret)
	if err != nil {
		t.Fatal(err)
	}
	o := &Order{Schema: Schema, ID: "r20260102-0a1b2c3d", Key: k.ID}
	for _, size := range []int{1 << 10, maxOrder} {
		o.Name = strings.Repeat("a", size)
		if err := orderFile.Sign(o, k); err != nil {
			t.Fatal(err)
		}
		file, err := signed.Encode(o)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = ReadOrder(bytes.NewReader(file), k)
		if long := size == maxOrder; long != (err != nil) || long && !strings.Contains(err.Error(), "more than") {
			t.Errorf("an order of %d bytes: %v", len(file), err)
		}
	}
}

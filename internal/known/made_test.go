package known

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

// testKey is a key made of a seed.
func testKey(tb testing.TB, seed uint64) *Key {
	tb.Helper()
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, seed))
	k, err := newKey(sum[:])
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// alphabets are what values are made of.
var alphabets = []string{
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	"0123456789abcdef",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
}

// value is a made-up one of so many bytes.
func value(r *rand.Rand, size int) []byte { return of(r, alphabets[r.IntN(len(alphabets))], size) }

func of(r *rand.Rand, alphabet string, size int) []byte {
	v := make([]byte, size)
	for i := range v {
		v[i] = alphabet[r.IntN(len(alphabet))]
	}
	return v
}

// many is an index of n values as an organisation has them: tokens, and for every ten of
// them a password of 8 to 15 characters, half of those with symbols.
func many(tb testing.TB, n int) *Index {
	tb.Helper()
	r := rand.New(rand.NewPCG(1, uint64(n)))
	list := make([]Candidate, n)
	for i := range list {
		v := of(r, alphabets[[]int{0, 0, 1, 2, 4}[r.IntN(5)]], 16+r.IntN(48))
		if i%11 == 10 {
			v = of(r, alphabets[i%2*3], MinSize+r.IntN(windowSize-MinSize))
		}
		list[i] = Candidate{Name: fmt.Sprintf("service-%d: API_KEY", i), Value: leak.NewSecret(v)}
	}
	x := New(testKey(tb, 1))
	if added, _, err := x.Add(list, true); err != nil || added != n {
		tb.Fatalf("%d of %d values added: %v", added, n, err)
	}
	return x
}

func secretOf(v string) leak.Secret { return leak.NewSecret([]byte(v)) }

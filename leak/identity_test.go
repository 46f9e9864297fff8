package leak_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// What docs/design/001-identity.md promises, under "How we will know".

const vouched, weak = true, false

func identify(value string, v bool, key string, p leak.Place) string {
	return leak.Identify("some-rule", leak.NewSecret([]byte(value)), v, key, p)
}

// An ID of a value that could be guessed tells 12 bits of it.
func TestWeakIDTellsTwelveBits(t *testing.T) {
	const tries = 40_000
	place := leak.File{Name: "app/.env"}
	ids, fixed := map[string]bool{}, identify("", weak, "DB_PASSWORD", place)[:33]
	for i := range tries {
		id := identify(fmt.Sprint(i), weak, "DB_PASSWORD", place)
		if id[:33] != fixed || len(id) != 36 {
			t.Fatalf("more than 3 digits depend on the value: %s, %s", id, fixed)
		}
		ids[id] = true
	}
	// Of 4,096 checks, 40,000 values leave out one with a chance of 1 in 4.
	if len(ids) > 4096 || len(ids) < 4090 {
		t.Errorf("%d values have %d ids, not 12 bits", tries, len(ids))
	}
}

// Seen in many places, a weak value still tells the same 12 bits, not 12 more.
func TestWeakCheckIsTheSameEverywhere(t *testing.T) {
	value := leaktest.Must(1, `{{password}}`)
	checks := map[string]bool{}
	for i, p := range places {
		id := identify(value, weak, fmt.Sprint("KEY", i), p)
		checks[id[strings.LastIndexByte(id, '.'):]] = true
	}
	if len(places) < 9 || len(checks) != 1 {
		t.Errorf("%d places have %d checks", len(places), len(checks))
	}
}

func TestWeakIDFollowsThePlace(t *testing.T) {
	value := leaktest.Must(2, `{{password}}`)
	at := func(key string, p leak.Place) string { return identify(value, weak, key, p) }
	env := leak.File{Name: "app/.env"}
	same := []string{
		at("PW", env),
		at("PW", leak.GitBlob{Blob: "aa", Commit: "bb", Name: "app/.env"}), // committed
		at("PW", leak.GitBlob{Blob: "cc", Commit: "dd", Name: "app/.env"}), // changed elsewhere, so another blob and line
		at("PW", leak.GitBlob{Blob: "ee", Name: "app/.env"}),               // staged
	}
	for _, id := range same {
		if id != same[0] {
			t.Errorf("one place has the ids %s and %s", same[0], id)
		}
	}
	for what, other := range map[string]string{
		"key":           at("PW2", env),
		"file":          at("PW", leak.File{Name: "app2/.env"}),
		"archive":       at("PW", leak.Within(env, "x")),
		"repository":    at("PW", leak.GitBlob{Repo: "sub", Name: "app/.env"}),
		"rule":          leak.Identify("other-rule", leak.NewSecret([]byte(value)), weak, "PW", env),
		"value":         identify(leaktest.Must(3, `{{password}}`), weak, "PW", env),
		"unnamed blob":  at("PW", leak.GitBlob{Blob: "aa"}),
		"kind of place": at("PW", leak.Stdin{}),
	} {
		if other == same[0] {
			t.Errorf("another %s has the same id", what)
		}
	}
}

func TestVouchedIDFollowsTheValue(t *testing.T) {
	value := leaktest.Must(1, `{{github "ghp_"}}`)
	ids := map[string]bool{}
	for i, p := range places {
		ids[identify(value, vouched, fmt.Sprint("KEY", i), p)] = true
	}
	if len(ids) != 1 {
		t.Errorf("one value has %d ids", len(ids))
	}
	for id := range ids {
		if len(id) != 35 || !strings.HasPrefix(id, "v1.") {
			t.Errorf("an id of another form: %s", id)
		}
	}
	if ids[identify(leaktest.Must(2, `{{github "ghp_"}}`), vouched, "KEY0", places[0])] {
		t.Error("two values have one id")
	}
}

// What is hashed does not run together: "a", "bc" is not "ab", "c".
func TestPartsAreApart(t *testing.T) {
	s := leak.NewSecret([]byte("bc"))
	if leak.Identify("a", s, vouched, "", nil) == leak.Identify("ab", leak.NewSecret([]byte("c")), vouched, "", nil) {
		t.Error("rule and value run together")
	}
	if leak.Identify("r", s, weak, "x", leak.Stdin{}) == leak.Identify("rx", s, weak, "", leak.Stdin{}) {
		t.Error("rule and key run together")
	}
}

// Allow files and baselines hold these ids: they must never change. They were
// computed by another program, from what the design says.
func TestIDsAreForever(t *testing.T) {
	if got := identify("hello", vouched, "K", leak.File{Name: "a"}); got != "v1.aa3ac9c6a54162e41ae04f3d5345d8cc" {
		t.Errorf("v1 has become %s", got)
	}
	if got := identify("hello", weak, "K", leak.File{Name: "a/b.yaml"}); got != "p1.11543aa3f37fe8d66bea689884c21.d43" {
		t.Errorf("p1 has become %s", got)
	}
}

func TestSecretEqualAndTag(t *testing.T) {
	a, b, c := leak.NewSecret([]byte("one")), leak.NewSecret([]byte("one")), leak.NewSecret([]byte("two"))
	if !a.Equal(b) || a.Equal(c) || a.Equal(leak.Secret{}) {
		t.Error("Equal")
	}
	key := []byte("a key")
	if a.Tag(key) != b.Tag(key) || a.Tag(key) == c.Tag(key) || a.Tag(key) == a.Tag([]byte("another")) || len(a.Tag(key)) != 64 {
		t.Error("Tag")
	}
	if !(leak.Secret{}).IsZero() || a.IsZero() || a.Len() != 3 {
		t.Error("IsZero, Len")
	}
}

// What Reveal lends is a copy: neither the caller's buffer nor the lent one
// leads into the Secret, and the lent one is wiped.
func TestRevealLendsACopy(t *testing.T) {
	buffer := []byte("one")
	s := leak.NewSecret(buffer)
	clear(buffer)
	var kept []byte
	read := func() (value string) {
		s.Reveal(func(b []byte) error {
			value, kept = string(b), b
			b[0] = 'x'
			return nil
		})
		return value
	}
	if first, second := read(), read(); first != "one" || second != "one" {
		t.Error("the value has changed")
	}
	if string(kept) != "\x00\x00\x00" {
		t.Error("what was lent is not wiped")
	}
}

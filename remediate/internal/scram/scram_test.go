package scram

import (
	"crypto/md5"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

func secret(s string) leak.Secret { return leak.NewSecret([]byte(s)) }

// TestHolds: of what a server may keep, what was made of the password is told from what
// was not, and nothing is tried for long. That PostgreSQL takes ours, the rotator's tests ask.
func TestHolds(t *testing.T) {
	made, err := Verifier(secret("a word and more"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Verifier(secret("a word and more")); err != nil || again == made {
		t.Errorf("two verifiers have one salt: %v", err)
	}
	sum := md5.Sum([]byte("a word and moreapp"))
	old := "md5" + hex.EncodeToString(sum[:])
	for name, c := range map[string]struct {
		kept, user, password string
		want                 bool
	}{
		"the password":         {made, "app", "a word and more", true},
		"whoever has it":       {made, "other", "a word and more", true},
		"prepared":             {made, "app", "a\u00a0word and more", true}, // a space that does not break
		"another":              {made, "app", "a word and less", false},
		"of an old server":     {old, "app", "a word and more", true},
		"another user's":       {old, "other", "a word and more", false},
		"no password":          {"", "app", "", false},
		"no number":            {strings.Replace(made, "$4096:", "$many:", 1), "app", "a word and more", false},
		"more rounds than any": {strings.Replace(made, "$4096:", "$2000000000:", 1), "app", "a word and more", false},
		"a salt that is none":  {"SCRAM-SHA-256$4096:%$a:b", "app", "a word and more", false},
		"cut off":              {made[:30], "app", "a word and more", false},
	} {
		if got, err := Holds(c.kept, c.user, secret(c.password)); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

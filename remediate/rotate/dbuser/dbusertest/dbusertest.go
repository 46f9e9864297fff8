// Package dbusertest is what the tests of rotators of database users have in common: what
// the suite of rotatetest does not ask, because it is about databases.
package dbusertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// Turn has a rotator replace a credential, without the machine.
func Turn(t testing.TB, r rotate.Rotator, old rotate.Credential, op string) rotate.Credential {
	t.Helper()
	p := begin(t, r, old, op)
	provision(t, r, p)
	if err := errors.Join(r.Verify(t.Context(), p.New), r.Deactivate(t.Context(), old, p.New), r.Delete(t.Context(), old, p.New)); err != nil {
		t.Fatal(err)
	}
	return p.New
}

func begin(t testing.TB, r rotate.Rotator, old rotate.Credential, op string) rotate.Provision {
	t.Helper()
	subject, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := r.Next(t.Context(), old, op)
	if err != nil {
		t.Fatal(err)
	}
	return rotate.Provision{Op: op, Old: old, New: fresh, Subject: subject}
}

func provision(t testing.TB, r rotate.Rotator, p rotate.Provision) {
	t.Helper()
	if _, err := r.Provision(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

// Refused holds that a rotator does not rotate a credential, for a reason that has these
// words, and says what to do instead.
func Refused(t testing.TB, r rotate.Rotator, old rotate.Credential, want string) {
	t.Helper()
	_, err := r.Inspect(t.Context(), old)
	refusal, ok := errors.AsType[*rotate.Refusal](err)
	if !ok || !strings.Contains(err.Error(), want) || refusal.Instead == "" {
		t.Errorf("%s: %v", want, err)
	}
}

// Eventually waits for something that a server does by itself.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after twenty seconds: %s", what)
		}
	}
}

// Pair is a server, and another that hears of its changes later.
type Pair struct {
	Late   string            // the address of the second
	Follow func(goesOn bool) // has the second wait, or go on
	// Lets tells whether a server, the second one where late is true, lets in a credential.
	Lets func(late bool, c rotate.Credential) bool
	// Rotator makes a rotator for both.
	Rotator func(opt func(*dbuser.Options)) rotate.Rotator
	// Between, if it is there, is called when the new credential works everywhere.
	Between func(r rotate.Rotator)
}

// Retired holds that a new credential works where every server has heard of it, and that an
// old one is retired where none lets it in any more, however late the second is (FM-33).
func (p Pair) Retired(t testing.TB, old rotate.Credential) {
	Eventually(t, "the second has the old user", func() bool { return p.Lets(true, old) })
	pauses, goesOn := 0, func() {}
	r := p.Rotator(func(o *dbuser.Options) {
		o.Pause = func(context.Context, time.Duration) error { // no time passes
			pauses++
			goesOn()
			return nil
		}
	})
	status := func(want rotate.Status, first, second bool) {
		t.Helper()
		is, err := r.Status(t.Context(), old)
		if err != nil || is != want || p.Lets(false, old) != first || p.Lets(true, old) != second {
			t.Errorf("the old credential is %s and ought to be %s, %v", is, want, err)
		}
	}

	new := begin(t, r, old, "6f0b4f0e-4d0c-4f57-8a35-0f3a1d9b7a02")
	p.Follow(false)
	provision(t, r, new)
	if err := r.Verify(t.Context(), new.New); !errors.Is(err, rotate.ErrNotYet) || !p.Lets(false, new.New) {
		t.Errorf("a server that has not heard of the new user: %v", err)
	}
	p.Follow(true)
	Eventually(t, "the new user works everywhere", func() bool { return r.Verify(t.Context(), new.New) == nil })
	if p.Between != nil {
		p.Between(r)
	}

	p.Follow(false)
	if err := r.Deactivate(t.Context(), old, new.New); err == nil || !strings.Contains(err.Error(), p.Late+" still lets the user in") {
		t.Errorf("a server that stands still: %v", err)
	}
	status(rotate.Live, false, true)
	pauses, goesOn = 0, func() {
		if pauses == 3 {
			p.Follow(true)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err := r.Deactivate(t.Context(), old, new.New); err != nil || pauses < 3 {
		t.Errorf("a server that goes on after %d waits: %v", pauses, err)
	}
	status(rotate.Inactive, false, false)
	if err := r.Delete(t.Context(), old, new.New); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the old credential is gone everywhere", func() bool { is, _ := r.Status(t.Context(), old); return is == rotate.Gone })
	if !p.Lets(false, new.New) || !p.Lets(true, new.New) {
		t.Error("the new credential does not work any more")
	}
}

package token

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
)

// checkFile names, for this program when it is run as a check, the list of accepted
// values, one a line.
const checkFile = "OAKUM_TEST_ACCEPTED"

// TestMain is a check where it is run as one.
func TestMain(m *testing.M) {
	if name := os.Getenv(checkFile); name != "" && slices.Contains(os.Args, "as-a-check") {
		os.Exit(check(name))
	}
	os.Exit(m.Run())
}

func check(name string) int {
	given, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	accepted, err := os.ReadFile(name)
	switch {
	case err != nil || given == "":
		os.Stderr.WriteString("no list, or no value: " + given)
		return 3
	case slices.Contains(strings.Split(string(accepted), "\n"), given):
		return 0
	}
	return 1
}

// accepts has the check accept some values.
func accepts(t testing.TB, name string, values ...string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(strings.Join(values, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
}

// checked is the rotator of a value that a real command checks.
func checked(t testing.TB) (r *ByHand, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "accepted")
	if tt, ok := t.(*testing.T); ok {
		tt.Setenv(checkFile, file)
	}
	api, err := NewChecked([]string{os.Args[0], "as-a-check"}, "")
	if err != nil {
		t.Fatal(err)
	}
	return NewByHand(Generic, api.Page(), api), file
}

// valueOf is a value of its own for each number.
func valueOf(n uint64) string { return leaktest.Must(n, `{{randomPassword 24}}`) }

func credentialOf(v string) rotate.Credential {
	return rotate.Credential{rotate.Token: leak.NewSecret([]byte(v))}
}

// TestGeneric is a rotation by hand of a value of which only a check is known: the old
// one is waited for until a person has revoked it.
func TestGeneric(t *testing.T) {
	r, file := checked(t)
	old, fresh := valueOf(1), valueOf(2)
	accepts(t, file, old)
	s, err := r.Inspect(t.Context(), credentialOf(old))
	if err != nil || s.Status != rotate.Live {
		t.Fatalf("%+v, %v", s, err)
	}
	p := rotate.Provision{Op: "op", Old: credentialOf(old), New: credentialOf(fresh), Subject: s}
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "does not accept") {
		t.Errorf("a value that is refused: %v", err)
	}
	accepts(t, file, old, fresh)
	if _, err := r.Provision(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if err := r.Verify(t.Context(), credentialOf(fresh)); err != nil {
		t.Error(err)
	}
	wait, ok := errors.AsType[*act.Wait](r.Delete(t.Context(), credentialOf(old), credentialOf(fresh)))
	if !ok || !strings.Contains(wait.For, "a person has to revoke") {
		t.Errorf("while it is accepted: %v", wait)
	}
	accepts(t, file, fresh)
	if err := r.Delete(t.Context(), credentialOf(old), credentialOf(fresh)); err != nil {
		t.Error(err)
	}
	if s, err := r.Status(t.Context(), credentialOf(old)); err != nil || s != rotate.Gone {
		t.Errorf("%s, %v", s, err)
	}
}

// TestGenericSuite asks what every rotator is asked, with a person who revokes at once.
func TestGenericSuite(t *testing.T) {
	rotatetest.Run(t, rotatetest.Suite{Kills: 20, Modes: 21, Every: 55, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
		r, file := checked(t)
		h := &person{t: t, file: file, hook: hook, live: []string{valueOf(1)}}
		h.tell()
		r.api = h.around(r.api)
		return &rotatetest.Scene{Rotator: r, Old: credentialOf(valueOf(1)), Works: h.works, Count: func() (int, error) { return len(h.live), nil },
			Answer: func() leak.Secret {
				if !slices.Contains(h.live, valueOf(2)) {
					h.live = append(h.live, valueOf(2))
					h.tell()
				}
				return leak.NewSecret([]byte(valueOf(2)))
			}}
	}, Without: map[string]string{
		"rolled back": "what a person made and never gave is not known",
	}})
}

// TestGenericKnowsNothing: without a check there is no rotation, and an error of the
// check's is neither yes nor no, and holds no value.
func TestGenericKnowsNothing(t *testing.T) {
	if _, err := NewChecked(nil, ""); err == nil || !strings.Contains(err.Error(), "MOVED_NOT_ROTATED") {
		t.Errorf("without a check: %v", err)
	} else if _, ok := errors.AsType[*rotate.Refusal](err); !ok {
		t.Errorf("without a check it is no refusal: %v", err)
	}
	if _, err := NewChecked([]string{"no-such-program-of-oakum"}, ""); err == nil {
		t.Error("a program that is not there is taken")
	}
	r, file := checked(t)
	os.Remove(file) // the check ends with 3, and prints what it was given
	s, err := r.Status(t.Context(), credentialOf(valueOf(1)))
	if err == nil || s != rotate.Unknown || strings.Contains(err.Error(), valueOf(1)) || !strings.Contains(err.Error(), "no list") {
		t.Errorf("%s, %v", s, err)
	}
}

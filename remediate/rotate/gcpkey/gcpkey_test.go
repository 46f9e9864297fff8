package gcpkey

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
)

func quiet() error { return nil }

func TestRotator(t *testing.T) {
	keys := pool(t)
	rotatetest.Run(t, rotatetest.Suite{Kills: 50, Modes: 23, Every: 17, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
		s := serve(t, keys)
		_, old := s.credential()
		plain := s.rotator(t, quiet)
		return &rotatetest.Scene{Rotator: s.rotator(t, hook), Old: old, Count: s.live,
			Works: func(c rotate.Credential) (bool, error) {
				err := plain.Verify(t.Context(), c)
				if errors.Is(err, rotate.ErrNotYet) {
					return false, nil
				}
				return err == nil, err
			}}
	}})
}

// TestRefusals: what must not be rotated is refused, with what to do instead.
func TestRefusals(t *testing.T) {
	s := serve(t, pool(t))
	m, old := s.credential()
	r := s.rotator(t, quiet)
	refused := func(words string, c rotate.Credential) {
		t.Helper()
		_, err := r.Inspect(t.Context(), c)
		if _, ok := errors.AsType[*rotate.Refusal](err); !ok || !strings.Contains(err.Error(), words) {
			t.Errorf("it ends with %v, expected a refusal with %q", err, words)
		}
	}
	r.o.Own = m.id
	refused("the very key that is to go", old)
	r.o.Own = ""
	gone, theirs := s.credential()
	s.all = without(s.all, gone)
	refused("it was deleted", theirs)
	m.disabled, m.reason = true, "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED"
	sub, err := r.Inspect(t.Context(), old)
	if err != nil || sub.Status != rotate.Inactive || !slices.ContainsFunc(sub.Notes, func(n string) bool { return strings.Contains(n, "found it in public") }) {
		t.Errorf("a key that Google disabled: %+v, %v", sub, err)
	}
	for len(s.all) < maxKeys {
		s.add()
	}
	refused("all that Google allows", old)
	r.o.Retire = true
	if _, err := r.Inspect(t.Context(), old); err != nil {
		t.Errorf("retired it needs no room: %v", err)
	}
	for _, text := range []string{`{"type":"authorized_user"}`, `no document`, `{"type":"service_account","private_key":"x"}`} {
		if _, err := r.Inspect(t.Context(), rotate.Credential{rotate.KeyFile: leak.NewSecret([]byte(text))}); err == nil {
			t.Errorf("%s is taken for a key file", text)
		}
	}
}

// TestForeignKeys: a key of somebody else's that appears before the first try, or beside
// an orphan, stays.
func TestForeignKeys(t *testing.T) {
	s := serve(t, pool(t))
	_, old := s.credential()
	r := s.rotator(t, quiet)
	sub, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	s.add()
	p := rotate.Provision{Op: "op", Old: old, Subject: sub}
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "did not make") {
		t.Errorf("beside somebody else's key it ends with %v", err)
	}
	s.add() // and now an orphan
	p.Tried = true
	if _, err := r.Provision(t.Context(), p); err == nil || !strings.Contains(err.Error(), "did not make") {
		t.Errorf("beside two keys it ends with %v", err)
	}
	if n, _ := s.live(); n != 3 {
		t.Errorf("%d keys are live, expected 3", n)
	}
}

// TestOrphanThatShowsLate: a list that does not have the lost key yet is asked again.
func TestOrphanThatShowsLate(t *testing.T) {
	s := serve(t, pool(t))
	_, old := s.credential()
	r := s.rotator(t, quiet)
	sub, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	orphan, _ := s.add()
	s.hide = true
	c, err := r.Provision(t.Context(), rotate.Provision{Op: "op", Old: old, Subject: sub, Tried: true})
	if err != nil {
		t.Fatal(err)
	}
	if s.find(orphan.id) != nil {
		t.Error("the orphan stays")
	}
	if n, _ := s.live(); n != 2 {
		t.Errorf("%d keys are live, expected 2", n)
	}
	if err := r.Delete(t.Context(), old, c); err == nil || !strings.Contains(err.Error(), "never deleted") {
		t.Errorf("a live key is deleted: %v", err)
	}
	if err := r.Delete(t.Context(), c, c); err == nil {
		t.Error("the new key is deleted")
	}
}

package azuresp

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
)

func quiet() error { return nil }

func TestRotator(t *testing.T) {
	rotatetest.Run(t, rotatetest.Suite{Kills: 50, Modes: 23, Every: 11, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
		s := serve(t)
		return &rotatetest.Scene{Rotator: s.rotator(t, hook, Settings{}), Old: credential(s.add("by hand")), Works: s.works, Count: s.count}
	}})
}

// TestTwoThatBeginAlike: where it is not known which secret is the old one, nothing is
// done, until a person says it.
func TestTwoThatBeginAlike(t *testing.T) {
	s := serve(t)
	old := s.add("by hand")
	s.same = 1
	other := s.add("another program's")
	r := s.rotator(t, quiet, Settings{})
	for what, err := range map[string]error{"inspect": second(r.Inspect(t.Context(), credential(old))), "delete": r.Delete(t.Context(), credential(old), nil)} {
		if _, ok := errors.AsType[*rotate.Refusal](err); !ok || !strings.Contains(err.Error(), "old_key_id") || !strings.Contains(err.Error(), other.ID) {
			t.Errorf("%s: %v", what, err)
		}
	}
	r = s.rotator(t, quiet, Settings{OldKeyID: old.ID})
	if sub, err := r.Inspect(t.Context(), credential(old)); err != nil || !strings.Contains(sub.ID, old.ID) {
		t.Errorf("%+v, %v", sub, err)
	}
	if err := r.Delete(t.Context(), credential(old), credential(other)); err == nil || !strings.Contains(err.Error(), "may be the new one") {
		t.Errorf("beside a new one that begins alike: %v", err)
	}
	if err := r.Delete(t.Context(), credential(old), nil); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(t.Context(), credential(old), nil); err != nil { // the other one begins alike, and is another one
		t.Fatal(err)
	}
	if ok, _ := s.works(credential(other)); !ok {
		t.Error("another program's secret was removed")
	}
}

func second[T any](_ T, err error) error { return err }

// TestNewOneBeginsAlike: such a secret is made anew, so that the two can be told apart.
func TestNewOneBeginsAlike(t *testing.T) {
	s := serve(t)
	old := credential(s.add("by hand"))
	r := s.rotator(t, quiet, Settings{})
	sub, err := r.Inspect(t.Context(), old)
	if err != nil {
		t.Fatal(err)
	}
	p := rotate.Provision{Op: "op", Old: old, Subject: sub}
	s.same = 2
	if _, err := r.Provision(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.count(); n != 2 {
		t.Errorf("%d secrets, expected 2", n)
	}
	s.same = tries
	if _, err := r.Provision(t.Context(), p); err == nil {
		t.Error("a secret that begins as the old one is taken")
	}
	s.add(mark("op")) // its answer was lost, and the list does not have it yet
	s.hide, p.Tried = true, true
	if _, err := r.Provision(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.count(); n != 2 {
		t.Errorf("%d secrets, expected 2", n)
	}
}

// TestRefusals: what must not be rotated is refused, with what to do instead; no error
// holds the value that an answer quotes.
func TestRefusals(t *testing.T) {
	s := serve(t)
	old := s.add("by hand")
	r := s.rotator(t, quiet, Settings{})
	dead := s.add("dead")
	s.all = s.all[:1]
	_, err := r.Inspect(t.Context(), credential(dead))
	if _, ok := errors.AsType[*rotate.Refusal](err); !ok || !strings.Contains(err.Error(), "harmless") {
		t.Errorf("a dead secret: %v", err)
	}
	if err := r.Verify(t.Context(), credential(dead)); !errors.Is(err, rotate.ErrNotYet) || strings.Contains(err.Error(), dead.Text) {
		t.Errorf("%v", err)
	}
	r.o.Token = func(context.Context) (leak.Secret, error) {
		return leak.NewSecret([]byte("e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"appid":"`+client+`"}`)) + ".e30")), nil
	}
	if _, err := r.Inspect(t.Context(), credential(old)); err == nil || !strings.Contains(err.Error(), "the very application") {
		t.Errorf("oakum's own: %v", err)
	}
	if _, err := With(Settings{Tenant: "x/../y", ClientID: client}, Options{}); err == nil {
		t.Error("a tenant that is no id is taken")
	}
}

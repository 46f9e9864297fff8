// Package storetest is the conformance suite of store.Driver: what every store must
// do, whatever stands behind it. A driver's test calls [Run] with a [Bench] on which
// its store stands (an emulator, the vendor's fake, the real thing).
//
// Its promise is that the suite can fail: its own test runs it over a store in memory
// with one thing wrong at a time, and each of those must be found.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Bench is a store to try out.
type Bench struct {
	// Driver reaches it. Each case uses names of its own, made of Prefix.
	Driver store.Driver
	// Prefix are the first segments of the names.
	Prefix []string

	// Denied reaches the same store as somebody who may not read or write there;
	// nil: Without says why there is none.
	Denied store.Driver
	// Delete puts a name into the state in which the store keeps deleted names; nil
	// where the description's Lingers is false, or Without says why.
	Delete func(ctx context.Context, name string) error

	// Without are the cases that this bench cannot run, each with the reason.
	Without map[string]string
}

// Case is one thing that a store must do. Its error says what it did in its place.
type Case struct {
	Name string
	Run  func(ctx context.Context, b *Bench) error
}

// Run runs every case. It skips those that the bench names a reason for, and fails
// where a reason is for no case.
func Run(t *testing.T, b *Bench) {
	t.Helper()
	cases := Cases()
	for name := range b.Without {
		if !slices.ContainsFunc(cases, func(c Case) bool { return c.Name == name }) {
			t.Errorf("there is no case %q to leave out", name)
		}
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			if why := b.Without[c.Name]; why != "" {
				t.Skip(why)
			}
			if err := c.Run(t.Context(), b); err != nil {
				t.Error(err)
			}
		})
	}
}

// Cases are all of them. Their number is part of the contract: see TestCases.
func Cases() []Case {
	return []Case{
		{"describe", describe},
		{"create", create},
		{"adopt when equal", adopt},
		{"conflict when different", conflict},
		{"create race lost", createRace},
		{"replace", replace},
		{"replace race lost", replaceRace},
		{"lost reply of create", lostCreate},
		{"lost reply of replace", lostReplace},
		{"same token twice", sameToken},
		{"busy at first", busy},
		{"read-back differs", readBack},
		{"not found", notFound},
		{"versions", versions},
		{"permission denied", denied},
		{"deleted name", deletedName},
		{"remove", remove},
		{"remove what is not ours", removeForeign},
		{"lost reply of remove", lostRemove},
		{"ownership tags", tags},
		{"values as they are", values},
		{"binary values", binary},
		{"documents", documents},
		{"size limit", sizeLimit},
		{"names", names},
		{"no value in errors", quiet},
		{"pending and promote", promote},
		{"pending and abandon", abandon},
		{"context", ended},
	}
}

// shop is a store under test. It waits a hundredth as long as a user's between attempts.
func shop(d store.Driver) *store.Store {
	return store.New(d, store.Options{Pause: func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d / 100):
			return nil
		}
	}})
}

// name is a name for a case, as the store likes them. Cases do not share names, and
// neither do two runs of one.
func (b *Bench) name(ctx context.Context, words ...string) (string, error) {
	d, err := b.Driver.Describe(ctx)
	if err != nil {
		return "", fmt.Errorf("describe: %w", err)
	}
	return d.Names.Of(slices.Concat(b.Prefix, words, []string{newOp()[:8]})...), nil
}

// put is an operation on a name that is free so far.
func (b *Bench) put(ctx context.Context, value string, words ...string) (store.Put, error) {
	name, err := b.name(ctx, words...)
	return store.Put{Name: name, Value: secret(value), Op: newOp()}, err
}

func secret(s string) leak.Secret { return leak.NewSecret([]byte(s)) }

// wantCode is nil where err has the code.
func wantCode(what string, err error, want ...store.Code) error {
	if slices.Contains(want, store.CodeOf(err)) {
		return nil
	}
	return fmt.Errorf("%s: %v, expected %v", what, show(err), want)
}

func show(err error) string {
	if err == nil {
		return "no error"
	}
	return fmt.Sprintf("%q", err)
}

// holds tells whether a name holds a value.
func holds(ctx context.Context, s *store.Store, name, version, want string) error {
	_, got, err := s.Read(ctx, name, version)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if !got.Equal(secret(want)) {
		return errors.New("the value that was read is not the value that was stored")
	}
	return nil
}

//go:build !windows

package launch_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/launch"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// lender writes down what is asked of it; package lease has the one that asks Vault.
type lender struct {
	did []string
	due time.Time
}

func (l *lender) Held() bool              { return true }
func (l *lender) Due() time.Time          { return l.due }
func (l *lender) Settle(context.Context)  { l.did = append(l.did, "settle") }
func (l *lender) Release(context.Context) { l.did = append(l.did, "release") }
func (l *lender) Tend(context.Context) bool {
	l.did, l.due = append(l.did, "tend"), time.Time{}
	return true
}

// What was borrowed is given back whatever comes: where nothing could be started, too.
func TestReleased(t *testing.T) {
	for name, arrange := range map[string]func(*launch.Program){
		"ends":            func(*launch.Program) {},
		"no such program": func(p *launch.Program) { p.Command = []string{"no-such-program-here"} },
		"no value": func(p *launch.Program) {
			p.Resolve = func(context.Context) (launch.Given, error) { return launch.Given{}, errors.New("sealed") }
		},
	} {
		l := &lender{}
		p, _ := program("as-printer", launch.Wanted{}, values(nil))
		p.Leases, p.Replace = l, true // a program in our place could not be waited for
		arrange(&p)
		p.Run(t.Context())
		if !slices.Equal(l.did, []string{"release"}) {
			t.Errorf("%s: %q", name, l.did)
		}
	}
}

// A lease that ends has the program started again with what took its place, and is given
// back after that.
func TestTended(t *testing.T) {
	l := &lender{due: time.Now().Add(20 * time.Millisecond)}
	n := 0
	value := func(context.Context, ref.Ref) (leak.Secret, error) {
		n++
		return leak.NewSecret(bytes.Repeat([]byte("v"), n)), nil
	}
	p, _ := program("as-sleeper", launch.Wanted{Env: []string{"TOKEN=ref+vault://database/creds/api#/password"}}, value)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []string
	p.Out = lines(func(s string) {
		if told = append(told, s); s == "vv" {
			cancel()
		}
	})
	p.Leases = l
	if code, err := p.Run(ctx); code != 128+15 || err != nil || !slices.Equal(told, []string{"v", "vv"}) {
		t.Errorf("exit code %d, %v, started with %q", code, err, told)
	}
	if !slices.Equal(l.did, []string{"tend", "settle", "release"}) {
		t.Errorf("it did %q", l.did)
	}
}

// Where another store does not answer at that moment, it is asked again, though the
// lease was replaced: the program would be left with what ends.
func TestTendedLater(t *testing.T) {
	l := &lender{due: time.Now().Add(20 * time.Millisecond)}
	n := 0
	value := func(context.Context, ref.Ref) (leak.Secret, error) {
		if n++; n == 2 {
			return leak.Secret{}, errors.New("sealed")
		}
		return leak.NewSecret(bytes.Repeat([]byte("v"), n)), nil
	}
	p, _ := program("as-sleeper", launch.Wanted{Env: []string{"TOKEN=ref+vault://database/creds/api#/password"}}, value)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []string
	p.Out = lines(func(s string) {
		if told = append(told, s); s == "vvv" {
			cancel()
		}
	})
	p.Leases = &patient{lender: l}
	if _, err := p.Run(ctx); err != nil || !slices.Equal(told, []string{"v", "vvv"}) {
		t.Errorf("%v, started with %q", err, told)
	}
}

// patient replaces its lease once.
type patient struct {
	*lender
	done bool
}

func (p *patient) Tend(ctx context.Context) bool {
	changed := !p.done
	p.lender.Tend(ctx)
	p.done = true
	return changed
}

// A program that was told to end is not started again while it does.
func TestNotTendedAtItsEnd(t *testing.T) {
	l := &lender{due: time.Now().Add(300 * time.Millisecond)}
	n := 0
	value := func(context.Context, ref.Ref) (leak.Secret, error) {
		n++
		return leak.NewSecret(bytes.Repeat([]byte("v"), n)), nil
	}
	p, _ := program("as-slow-ender", launch.Wanted{Env: []string{"TOKEN=ref+vault://database/creds/api#/password"}}, value)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	starts := 0
	p.Out = lines(func(string) { starts++; cancel() })
	p.Leases = l
	if code, err := p.Run(ctx); code != 0 || err != nil || starts != 1 {
		t.Errorf("exit code %d, %v, started %d times", code, err, starts)
	}
	if !slices.Equal(l.did, []string{"tend", "release"}) {
		t.Errorf("it did %q", l.did)
	}
}

// What a program's secrets are borrowed with stays with us; what a file sets is its own.
func TestLoginsStay(t *testing.T) {
	w := launch.Wanted{Env: []string{"VAULT_TOKEN=ours", "VAULT_SECRET_ID=ours", "VAULT_JWT=ours", "VAULT_ADDR=http://vault"}, EnvFiles: []string{write(t, ".env", "VAULT_JWT=its-own\n")}}
	p, out := program("as-lister", w, values(nil))
	p.Leases = &lender{}
	if _, err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); strings.Contains(got, "ours") || !strings.Contains(got, "VAULT_JWT=its-own") || !strings.Contains(got, "VAULT_ADDR=http://vault") {
		t.Errorf("the program's environment is %s", got)
	}
}

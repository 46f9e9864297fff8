package storetest

import (
	"context"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

func memory() (*Memory, *Bench) {
	m := &Memory{}
	return m, &Bench{Driver: m, Prefix: []string{"try"}, Denied: &Memory{Deny: true}, Delete: m.Bury}
}

func TestMemory(t *testing.T) {
	_, b := memory()
	Run(t, b)
}

// A case that is dropped by mistake would leave every driver green.
func TestCases(t *testing.T) {
	if got := len(Cases()); got != 29 {
		t.Errorf("there are %d cases", got)
	}
}

// broken is a store in memory with one thing wrong.
type broken struct {
	*Memory
	describe func(*store.Description)
	stat     func(store.Entry, error) (store.Entry, error)
	read     func(store.Entry, leak.Secret, error) (store.Entry, leak.Secret, error)
	write    func(context.Context, store.Write) (string, error)
	delete   func(ctx context.Context, name, version string) error
	promote  func(ctx context.Context, name, version, from string) error
	abandon  func(ctx context.Context, name, version string) error
}

func (b *broken) Describe(ctx context.Context) (store.Description, error) {
	d, err := b.Memory.Describe(ctx)
	if b.describe != nil {
		b.describe(&d)
	}
	return d, err
}

func (b *broken) Stat(ctx context.Context, name string) (store.Entry, error) {
	e, err := b.Memory.Stat(ctx, name)
	if b.stat != nil {
		return b.stat(e, err)
	}
	return e, err
}

func (b *broken) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	e, v, err := b.Memory.Read(ctx, name, version)
	if b.read != nil {
		return b.read(e, v, err)
	}
	return e, v, err
}

func (b *broken) Write(ctx context.Context, w store.Write) (string, error) {
	if b.write != nil {
		return b.write(ctx, w)
	}
	return b.Memory.Write(ctx, w)
}

func (b *broken) Delete(ctx context.Context, name, version string) error {
	if b.delete != nil {
		return b.delete(ctx, name, version)
	}
	return b.Memory.Delete(ctx, name, version)
}

func (b *broken) Promote(ctx context.Context, name, version, from string) error {
	if b.promote != nil {
		return b.promote(ctx, name, version, from)
	}
	return b.Memory.Promote(ctx, name, version, from)
}

func (b *broken) Abandon(ctx context.Context, name, version string) error {
	if b.abandon != nil {
		return b.abandon(ctx, name, version)
	}
	return b.Memory.Abandon(ctx, name, version)
}

// mutants are what a driver's author could get wrong, each with the cases that have
// to find it.
var mutants = []struct {
	what  string
	wrong func(m *Memory, b *broken)
	found []string
}{
	{"overwrites what is there", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) {
			if e, err := m.Stat(ctx, w.Name); err == nil {
				w.From = e.Version
			}
			return m.Write(ctx, w)
		}
	}, []string{"create race lost", "replace race lost", "same token twice"}},
	{"replaces whatever is current", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) {
			if e, err := m.Stat(ctx, w.Name); err == nil && w.From != "" {
				w.From = e.Version
			}
			return m.Write(ctx, w)
		}
	}, []string{"replace race lost"}},
	{"keeps no tags", func(_ *Memory, b *broken) {
		b.stat = func(e store.Entry, err error) (store.Entry, error) { e.Tags = nil; return e, err }
	}, []string{"ownership tags", "remove"}},
	{"reads without tags", func(_ *Memory, b *broken) {
		b.read = func(e store.Entry, v leak.Secret, err error) (store.Entry, leak.Secret, error) {
			e.Tags = nil
			return e, v, err
		}
	}, []string{"create", "lost reply of create"}},
	{"trims values", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) {
			w.Value = reworked(w.Value, func(s string) string {
				for len(s) > 1 && s[len(s)-1] == '\n' {
					s = s[:len(s)-1]
				}
				return s
			})
			return m.Write(ctx, w)
		}
	}, []string{"values as they are", "binary values"}},
	{"treats bytes as text", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) {
			w.Value = reworked(w.Value, func(s string) string { return string([]rune(s)) })
			return m.Write(ctx, w)
		}
	}, []string{"binary values"}},
	{"says nothing of deleted names", func(_ *Memory, b *broken) {
		b.stat = func(e store.Entry, err error) (store.Entry, error) { e.State = store.Live; return e, err }
	}, []string{"deleted name"}},
	{"calls every error unknown", func(m *Memory, b *broken) {
		b.read = func(e store.Entry, v leak.Secret, err error) (store.Entry, leak.Secret, error) {
			if err != nil {
				err = context.DeadlineExceeded
			}
			return e, v, err
		}
	}, []string{"create", "not found", "permission denied"}},
	{"takes larger values than it says", func(_ *Memory, b *broken) {
		b.describe = func(d *store.Description) { d.MaxValue = 0 }
	}, []string{"size limit"}},
	{"takes smaller values than it says", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) {
			if w.Value.Len() > 4096 {
				return "", store.Failf(store.InvalidArgument, "too long")
			}
			return m.Write(ctx, w)
		}
	}, []string{"size limit"}},
	{"says nothing of who it is", func(_ *Memory, b *broken) {
		b.describe = func(d *store.Description) { d.Identity = "" }
	}, []string{"describe"}},
	{"makes names that it does not take", func(_ *Memory, b *broken) {
		b.describe = func(d *store.Description) { d.Names.Join = ":" }
	}, []string{"names", "create"}},
	{"takes every name", func(_ *Memory, b *broken) {
		b.describe = func(d *store.Description) { d.Names.Pattern, d.Names.Max = "", 0 }
		b.write = func(context.Context, store.Write) (string, error) { return "1", nil }
	}, []string{"names"}},
	{"deletes nothing", func(_ *Memory, b *broken) {
		b.delete = func(context.Context, string, string) error { return nil }
	}, []string{"remove"}},
	{"shows what waits", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) { w.Pending = false; return m.Write(ctx, w) }
	}, []string{"pending and promote"}},
	{"abandons nothing", func(_ *Memory, b *broken) {
		b.abandon = func(context.Context, string, string) error { return nil }
	}, []string{"pending and abandon"}},
	{"promotes whatever is current", func(m *Memory, b *broken) {
		b.promote = func(ctx context.Context, name, version, _ string) error {
			e, err := m.Stat(ctx, name)
			if err != nil {
				return err
			}
			return m.Promote(ctx, name, version, e.Version)
		}
	}, []string{"pending and promote"}},
	{"goes on after the end", func(m *Memory, b *broken) {
		b.write = func(_ context.Context, w store.Write) (string, error) { return m.Write(context.Background(), w) }
		b.read = func(e store.Entry, v leak.Secret, err error) (store.Entry, leak.Secret, error) {
			if store.CodeOf(err) == store.Canceled {
				err = store.Failf(store.Unknown, "it ended")
			}
			return e, v, err
		}
	}, []string{"context"}},
	{"gives the first version for each", func(m *Memory, b *broken) {
		b.write = func(ctx context.Context, w store.Write) (string, error) {
			_, err := m.Write(ctx, w)
			return "1", err
		}
		b.stat = func(e store.Entry, err error) (store.Entry, error) { e.Version = "1"; return e, err }
		b.read = func(e store.Entry, v leak.Secret, err error) (store.Entry, leak.Secret, error) {
			e.Version = "1"
			return e, v, err
		}
	}, []string{"replace"}},
}

func reworked(v leak.Secret, how func(string) string) (out leak.Secret) {
	v.Reveal(func(b []byte) error {
		out = leak.NewSecret([]byte(how(string(b))))
		return nil
	})
	return out
}

// Every mutant is found, by the cases that are for it.
func TestSuiteCanFail(t *testing.T) {
	for _, mutant := range mutants {
		t.Run(mutant.what, func(t *testing.T) {
			m, b := memory()
			wrong := &broken{Memory: m}
			mutant.wrong(m, wrong)
			b.Driver = wrong
			if denies, ok := b.Denied.(*Memory); ok {
				who := &broken{Memory: denies}
				mutant.wrong(denies, who)
				b.Denied = who
			}
			var found []string
			for _, c := range Cases() {
				if err := c.Run(t.Context(), b); err != nil {
					found = append(found, c.Name)
				}
			}
			for _, name := range mutant.found {
				if !slices.Contains(found, name) {
					t.Errorf("%q does not find it; found by %q", name, found)
				}
			}
		})
	}
}

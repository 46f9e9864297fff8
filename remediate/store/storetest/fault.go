package storetest

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// newOp is a UUID of version 4 (RFC 9562, 5.4), which is what AWS asks of a
// ClientRequestToken.
func newOp() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// faulty is a driver with something going wrong around its calls. Each hook may be
// nil, and is called in the place of the call.
type faulty struct {
	store.Driver
	write  func(ctx context.Context, w store.Write) (string, error)
	read   func(ctx context.Context, name, version string) (store.Entry, leak.Secret, error)
	delete func(ctx context.Context, name, version string) error
}

func (f *faulty) Write(ctx context.Context, w store.Write) (string, error) {
	if f.write != nil {
		return f.write(ctx, w)
	}
	return f.Driver.Write(ctx, w)
}

func (f *faulty) Read(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
	if f.read != nil {
		return f.read(ctx, name, version)
	}
	return f.Driver.Read(ctx, name, version)
}

func (f *faulty) Delete(ctx context.Context, name, version string) error {
	if f.delete != nil {
		return f.delete(ctx, name, version)
	}
	return f.Driver.Delete(ctx, name, version)
}

// losing does what it is asked and loses the first reply.
func losing(d store.Driver) *faulty {
	lost := false
	lose := func(err error) error {
		if err == nil && !lost {
			lost = true
			return store.Failf(store.Unavailable, "connection reset by peer")
		}
		return err
	}
	return &faulty{
		Driver: d,
		write: func(ctx context.Context, w store.Write) (string, error) {
			v, err := d.Write(ctx, w)
			return v, lose(err)
		},
		delete: func(ctx context.Context, name, version string) error { return lose(d.Delete(ctx, name, version)) },
	}
}

// raced lets somebody else write right before the first write.
func raced(d store.Driver, other func(ctx context.Context) error) *faulty {
	done := false
	return &faulty{Driver: d, write: func(ctx context.Context, w store.Write) (string, error) {
		if !done {
			done = true
			if err := other(ctx); err != nil {
				return "", err
			}
		}
		return d.Write(ctx, w)
	}}
}

// throttled refuses the first n calls.
func throttled(d store.Driver, n int) *faulty {
	refuse := func() error {
		if n > 0 {
			n--
			return store.Failf(store.Throttled, "slow down")
		}
		return nil
	}
	return &faulty{
		Driver: d,
		write: func(ctx context.Context, w store.Write) (string, error) {
			if err := refuse(); err != nil {
				return "", err
			}
			return d.Write(ctx, w)
		},
		read: func(ctx context.Context, name, version string) (store.Entry, leak.Secret, error) {
			if err := refuse(); err != nil {
				return store.Entry{}, leak.Secret{}, err
			}
			return d.Read(ctx, name, version)
		},
	}
}

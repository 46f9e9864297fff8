package pack

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
)

var (
	// ErrDamaged is in every error about an object or a pack that is there and does
	// not decode.
	ErrDamaged = errors.New("object is damaged")
	// ErrTruncated is in every error about a file that ends before it should.
	ErrTruncated = errors.New("it is cut or damaged")
)

// Guard calls f, which may read Files: a file that became shorter, or whose disk
// failed, while it was mapped makes a memory fault, which would end the process.
// Within Guard it is an error with ErrTruncated; what f was about to do is not
// done, so f must leave nothing half made that others use. Other panics pass.
//
// It holds for the calling goroutine alone and costs some ten nanoseconds.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if _, ok := r.(fault); !ok {
			panic(r)
		}
		err = fmt.Errorf("%w: its file became shorter, or could not be read, while it was in use: scan again", ErrTruncated)
	}()
	return f()
}

// Rethrow panics again with what was recovered, r, if that is a memory fault: it is
// Guard's to deal with.
func Rethrow(r any) {
	if _, ok := r.(fault); ok {
		panic(r)
	}
}

// fault is what the runtime panics with at an address that cannot be read
// (runtime/debug.SetPanicOnFault); a nil pointer has no Addr.
type fault interface {
	runtime.Error
	Addr() uintptr
}

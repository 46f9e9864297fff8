package pack

import "errors"

// Besides ErrDamaged and ErrTruncated, an object can be out of reach because of:
var (
	// ErrMissing: what it is a delta of is nowhere.
	ErrMissing = errors.New("object is missing")
	// ErrTooLarge: it would have to be rebuilt in memory, and is larger than the
	// caller allows.
	ErrTooLarge = errors.New("object is too large to be rebuilt in memory")
)

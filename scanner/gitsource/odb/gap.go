package odb

import (
	"errors"
	"io"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/pack"
)

// Code tells which kind of Gap an error of this package, or of package pack, makes.
func Code(err error) (code string, class leak.GapClass) {
	switch {
	case errors.Is(err, ErrMissing):
		return leak.GapMissing, leak.Failure
	case errors.Is(err, ErrTooLarge):
		return leak.GapLimit, leak.Failure
	case errors.Is(err, ErrDamaged), errors.Is(err, pack.ErrIndex), errors.Is(err, io.ErrUnexpectedEOF):
		return leak.GapCorrupt, leak.Failure
	case errors.Is(err, pack.ErrTruncated):
		return leak.GapTruncated, leak.Failure
	}
	return leak.GapUnreadable, leak.Failure
}

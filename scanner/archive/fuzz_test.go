package archive

import "testing"

// FuzzEach: whatever an archive's bytes are, unpacking ends, within its budget.
func FuzzEach(f *testing.F) {
	for _, a := range archives() {
		f.Add(a.packed[:min(len(a.packed), 2000)])
		if len(a.packed) < 4000 {
			f.Add(a.packed)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		limits := Limits{Bytes: 1 << 20, Entries: 500, Grace: 1 << 16, Memory: 1 << 12}
		for _, seekable := range []bool{true, false} {
			sum := 0
			for _, got := range openQuietly(t, NewBudget(limits), text, seekable).texts {
				sum += len(got)
			}
			if sum > 2<<20 {
				t.Errorf("%d bytes came out", sum)
			}
		}
	})
}

// openQuietly is open for archives whose sizes may lie.
func openQuietly(t *testing.T, b *Budget, text []byte, seekable bool) outcome {
	return open(silent{t}, b, text, seekable)
}

type silent struct{ testing.TB }

func (silent) Errorf(string, ...any) {}

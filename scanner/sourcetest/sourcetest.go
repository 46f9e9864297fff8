// Package sourcetest holds the conformance suite of scanner.Source, and a
// source in memory to test the scanner with.
package sourcetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

// Run checks that a source keeps the contract of scanner.Source: the same blobs
// in the same order every time, places that are set, sizes that are right, an end
// when asked, and, of a Narrowing source, the same events and summary as when its
// blobs are scanned one by one. open makes the source anew. want is how many blobs it yields; 0 is not accepted.
func Run(t *testing.T, set *rules.Set, want int, open func(*testing.T) scanner.Source) {
	t.Run("yields what it says", func(t *testing.T) {
		first := list(t, open(t))
		if len(first) != want || want == 0 {
			t.Fatalf("yields %d blobs, not %d", len(first), want)
		}
		for i, again := range list(t, open(t)) {
			if again != first[i] {
				t.Errorf("blob %d is %s, and %s the second time", i, first[i], again)
			}
		}
	})
	t.Run("stops when asked", func(t *testing.T) { stops(t, open(t)) })
	t.Run("ends with its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := scanner.New(set, scanner.Options{}).Scan(ctx, open(t), func(scanner.Event) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a scan whose context has ended says %v", err)
		}
	})
	t.Run("ends with its sink", func(t *testing.T) { endsWithSink(t, set, open(t)) })
	t.Run("one worker tells what eight tell", func(t *testing.T) {
		all := tell(t, set, plain{open(t)}, 1)
		for _, jobs := range []int{1, 8} {
			src := open(t)
			if n, ok := src.(scanner.Narrowing); ok {
				src = watched{n, t}
			}
			if told := tell(t, set, src, jobs); told != all {
				t.Errorf("%d workers tell something else than the texts one by one:\n%s", jobs, difference(told, all))
			}
		}
	})
}

// list describes every blob, its content's size included.
func list(t *testing.T, src scanner.Source) (out []string) {
	for b, err := range src.Blobs(t.Context()) {
		if err != nil {
			out = append(out, "gap: "+err.Error())
			continue
		}
		if b.Place == nil {
			t.Fatalf("blob %d has no place", len(out))
		}
		r, err := b.Open(t.Context())
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %v", b.Place, err))
			continue
		}
		n, err := io.Copy(io.Discard, r)
		if cerr := r.Close(); err != nil || cerr != nil {
			t.Errorf("%s: read: %v, close: %v", b.Place, err, cerr)
		}
		if b.Size >= 0 && n != b.Size {
			t.Errorf("%s: has %d bytes, said %d", b.Place, n, b.Size)
		}
		out = append(out, fmt.Sprintf("%s %s %d %s", b.Place.Kind(), b.Place, n, b.Reach))
	}
	return out
}

func stops(t *testing.T, src scanner.Source) {
	n := 0
	for range src.Blobs(t.Context()) {
		if n++; n == 1 {
			break
		}
	}
	if n != 1 {
		t.Errorf("yielded %d after it was told to stop", n)
	}
}

// endsWithSink checks that an error of the sink is the scan's, and the last that the
// sink hears.
func endsWithSink(t *testing.T, set *rules.Set, src scanner.Source) {
	full, n := errors.New("disk full"), 0
	_, err := scanner.New(set, scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		n++
		return full
	})
	if n > 1 || n == 1 && !errors.Is(err, full) {
		t.Errorf("the sink was called %d times, the scan says %v", n, err)
	}
}

// tell is what a scan says, one event a line, without values.
func tell(t *testing.T, set *rules.Set, src scanner.Source, jobs int) string {
	var out bytes.Buffer
	json := json.NewEncoder(&out)
	now := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	sum, err := scanner.New(set, scanner.Options{Jobs: jobs, Now: now}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			return json.Encode(e.Finding)
		case e.Gap != nil:
			return json.Encode(e.Gap)
		}
		return nil
	})
	fmt.Fprintf(&out, "%+v %v\n", sum, err)
	return out.String()
}

// difference is the first line in which two texts differ.
func difference(got, want string) string {
	gots, wants := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gots), len(wants)) {
		if gots[i] != wants[i] {
			return fmt.Sprintf("line %d\n  is %s\n  of %s", i+1, gots[i], wants[i])
		}
	}
	return fmt.Sprintf("%d lines of %d", len(gots), len(wants))
}

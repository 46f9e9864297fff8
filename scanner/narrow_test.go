package scanner_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// pushing is a Narrowing source made of a func.
type pushing struct {
	scanner.Source
	narrow func(context.Context, scanner.Narrower) error
}

func (p pushing) Narrow(ctx context.Context, n scanner.Narrower) error { return p.narrow(ctx, n) }

func textBlob(name, text string) scanner.Blob {
	return scanner.Blob{Place: leak.File{Name: name}, Size: int64(len(text)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }}
}

// told lists the events of a scan by place, and its error.
func told(ctx context.Context, t *testing.T, opt scanner.Options, src scanner.Source) (places []string, sum scanner.Summary, err error) {
	sum, err = scanner.New(testSet(t), opt).Scan(ctx, src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			places = append(places, e.Finding.Place.String())
		case e.Gap != nil:
			places = append(places, "gap "+e.Gap.Place.String())
		}
		return nil
	})
	return places, sum, err
}

func TestRanksAreDelivered(t *testing.T) {
	const texts = 500
	src := pushing{narrow: func(ctx context.Context, n scanner.Narrower) error {
		var workers sync.WaitGroup
		for worker := range n.Jobs() {
			workers.Go(func() {
				for i := texts - 1 - worker; i >= 0; i -= n.Jobs() {
					name, text := fmt.Sprintf("f%03d", i), leaktest.Must(uint64(i), `x {{github "ghp_"}} y`)
					switch i % 4 {
					case 0:
						n.Look(ctx, worker, int64(i), textBlob(name, ""), []byte(text), []leak.Span{{Start: 1, End: 7}})
					case 1:
						n.Read(ctx, worker, int64(i), textBlob(name, text))
					case 2:
						n.Gap(int64(i), &leak.Gap{Place: leak.File{Name: name}, Class: leak.Boundary, Code: leak.GapPartial, Why: errors.New("not here")})
					default:
						n.Seen(2, 10)
					}
				}
			})
		}
		workers.Wait()
		return nil
	}}
	var want []string
	for i := range texts {
		switch i % 4 {
		case 2:
			want = append(want, fmt.Sprintf("gap f%03d", i))
		case 0, 1:
			want = append(want, fmt.Sprintf("f%03d", i))
		}
	}
	for _, jobs := range []int{1, 8} {
		got, sum, err := told(t.Context(), t, scanner.Options{Jobs: jobs}, src)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d workers: %v, told %d events, not %d in order", jobs, err, len(got), len(want))
		}
		if sum.Blobs != texts/4*4 || sum.Bytes != texts/4*(2*44+10) || sum.Boundaries != texts/4 {
			t.Errorf("%d workers: %+v", jobs, sum)
		}
	}
}

// What was told before a source's error, or before the scan's end was asked for,
// is delivered; what comes afterwards is not heard.
func TestNarrowingThatEndsEarly(t *testing.T) {
	broken := errors.New("the repository is locked")
	for name, c := range map[string]struct {
		narrow func(context.Context, scanner.Narrower, context.CancelFunc) error
		want   error
	}{
		"its own error": {func(context.Context, scanner.Narrower, context.CancelFunc) error { return broken }, broken},
		"the context's": {func(ctx context.Context, n scanner.Narrower, cancel context.CancelFunc) error {
			cancel()
			n.Look(ctx, 0, 9, textBlob("late", ""), []byte("x "+token), nil)
			return ctx.Err()
		}, context.Canceled},
		"none, in spite of the context": {func(_ context.Context, _ scanner.Narrower, cancel context.CancelFunc) error {
			cancel()
			return nil
		}, context.Canceled},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		got, sum, err := told(ctx, t, scanner.Options{}, pushing{narrow: func(ctx context.Context, n scanner.Narrower) error {
			n.Look(ctx, 0, 2, textBlob("b", ""), []byte("x "+token), nil)
			n.Look(ctx, 0, 1, textBlob("a", ""), []byte("x "+token), nil)
			return c.narrow(ctx, n, cancel)
		}})
		if !errors.Is(err, c.want) || !slices.Equal(got, []string{"a", "b"}) || sum.Blobs != 2 {
			t.Errorf("%s: told %v, then %v", name, got, err)
		}
		cancel()
	}
}

// The sink hears how far a source is while it is at work, and can stop it.
func TestSinkStopsNarrowing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full, ended, heard := errors.New("disk full"), false, []scanner.Progress{}
		_, err := scanner.New(testSet(t), scanner.Options{}).Scan(t.Context(), pushing{narrow: func(ctx context.Context, n scanner.Narrower) error {
			n.Seen(3, 30)
			n.Look(ctx, 0, 0, textBlob("a-"+token, ""), []byte("x "+token), nil)
			<-ctx.Done()
			ended = true
			return ctx.Err()
		}}, func(e scanner.Event) error {
			if e.Progress == nil {
				t.Error("an event comes before the source has ended")
			} else if heard = append(heard, *e.Progress); len(heard) == 5 {
				return full
			}
			return nil
		})
		if !errors.Is(err, full) || !ended || len(heard) != 5 {
			t.Fatalf("%v, the source ended: %v, progress: %v", err, ended, heard)
		}
		if p := heard[4]; p.Blobs != 4 || p.Bytes != int64(30+2+len(token)) || strings.Contains(p.Place.String(), token) {
			t.Errorf("progress: %d texts, %d bytes, or a place that shows a token", p.Blobs, p.Bytes)
		}
	})
}

func TestBrokenReadWhileNarrowing(t *testing.T) {
	got, sum, err := told(t.Context(), t, scanner.Options{}, pushing{narrow: func(ctx context.Context, n scanner.Narrower) error {
		b := textBlob("broken", "")
		b.Open = func(context.Context) (io.ReadCloser, error) { return breaking{}, nil }
		n.Read(ctx, 0, 0, b)
		n.Read(ctx, 0, 1, textBlob("whole", "x "+token))
		return nil
	}})
	if err != nil || !slices.Equal(got, []string{"gap broken", "whole"}) || sum.Failures != 1 {
		t.Errorf("%v, told %v, %+v", err, got, sum)
	}
}

// A chain scans each source in its own way, one behind the other.
func TestChain(t *testing.T) {
	push := func(name string, end error) scanner.Source {
		return pushing{sourcetest.Memory{{Name: name, Content: []byte("x " + token)}}, func(ctx context.Context, n scanner.Narrower) error {
			n.Look(ctx, 0, 0, textBlob(name+" narrowed", ""), []byte("x "+token), nil)
			return end
		}}
	}
	pull := sourcetest.Memory{{Name: "b", Content: []byte("x " + token)}}.Plain()
	got, sum, err := told(t.Context(), t, scanner.Options{}, scanner.Chain(push("a", nil), pull, scanner.Chain(push("c", nil))))
	if err != nil || !slices.Equal(got, []string{"a narrowed", "b", "c narrowed"}) || sum.Blobs != 3 || sum.Findings != 3 {
		t.Errorf("%v, told %v, %+v", err, got, sum)
	}
	broken := errors.New("the repository is locked")
	if got, _, err = told(t.Context(), t, scanner.Options{}, scanner.Chain(push("a", broken), pull)); !errors.Is(err, broken) || len(got) != 1 {
		t.Errorf("%v, told %v", err, got)
	}
	sourcetest.Run(t, testSet(t), 2, func(*testing.T) scanner.Source {
		return scanner.Chain(pull, sourcetest.Memory{{Name: "c", Content: []byte("x " + token)}}.Plain())
	})
}

// A long source is told of a few times a second, however often it reports.
func TestProgressIsSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard := 0
		_, err := scanner.New(testSet(t), scanner.Options{}).Scan(t.Context(), pushing{narrow: func(ctx context.Context, n scanner.Narrower) error {
			for range 1000 {
				time.Sleep(10 * time.Millisecond)
				n.Seen(1, 1)
			}
			return nil
		}}, func(scanner.Event) error { heard++; return nil })
		if err != nil || heard < 10 || heard > 60 {
			t.Errorf("%v, heard of %d times in 10 s", err, heard)
		}
	})
}

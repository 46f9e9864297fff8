package scanner

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

// someFinding is one of a few values in one of many places.
func someFinding(rnd *rand.Rand, place leak.Place, origin *leak.Origin) *leak.Finding {
	value := rnd.IntN(20)
	f := &leak.Finding{
		ID: fmt.Sprint("v1.", value), Rule: "rule", Key: "key", Secret: leak.NewSecret([]byte{byte(value)}), Seen: 1,
		Sighting: leak.Sighting{
			Place: place, Reach: leak.Reachable, Origin: origin, Line: 1 + rnd.IntN(9), Column: 2 + rnd.IntN(9), EndLine: 20, EndColumn: 1 << 40,
			Span: leak.Span{Start: rnd.Int64(), End: rnd.Int64()},
		},
	}
	switch rnd.IntN(9) {
	case 0:
		f.Notes = []string{"expired"}
	case 1:
		f.Decoded = []string{"base64"}
	case 2:
		f.Suppressed = &leak.Suppression{Kind: leak.SuppressInline, Reason: fmt.Sprint(rnd.IntN(2))}
	case 3:
		f.Parts = []leak.Part{{Rule: "part", Line: rnd.IntN(9)}}
	case 4:
		f.Severity, f.Proof = leak.Low, leak.Pattern
	case 5:
		f.Key, f.Hint = "other", "h"
	}
	return f
}

// A ledger gives back what was put in, sorted, each finding its own.
func TestLedgerKeepsAll(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var l ledger
	var want []string
	print := func(f *leak.Finding) string {
		j, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(j) + f.Secret.Tag(make([]byte, 32))
	}
	ranks := rnd.Perm(500)
	texts := make([][]string, len(ranks))
	for _, rank := range ranks {
		var events []Event
		place := leak.GitBlob{Blob: fmt.Sprint(rank), Name: "a"}
		for range rnd.IntN(4) {
			f := someFinding(rnd, place, &leak.Origin{Commit: fmt.Sprint(rank)})
			events, texts[rank] = append(events, Event{Finding: f}), append(texts[rank], print(f))
		}
		g := &leak.Gap{Place: place, Code: leak.GapLimit, Why: fmt.Errorf("gap %d", rank)}
		events, texts[rank] = append(events, Event{Gap: g}), append(texts[rank], g.Error())
		l.add(int64(rank), events)
	}
	want = slices.Concat(texts...)
	var got []string
	var kept []*leak.Finding
	l.each(func(e Event) error {
		if e.Gap != nil {
			got = append(got, e.Gap.Error())
			return nil
		}
		got = append(got, print(e.Finding))
		kept = append(kept, e.Finding)
		for i := range e.Finding.Notes {
			e.Finding.Notes[i] = "changed"
		}
		if s := e.Finding.Suppressed; s != nil {
			s.Reason = "changed"
		}
		return nil
	})
	if !reflect.DeepEqual(got, want) || len(kept) < 500 {
		t.Errorf("%d events come back of %d, or others", len(got), len(want))
	}
}

// A field that a finding gets has to be compared by alike, or held by note or page;
// but for what is set after the scan (Decision, Live).
func TestLedgerKnowsAllFields(t *testing.T) {
	if f, s := reflect.TypeFor[leak.Finding]().NumField(), reflect.TypeFor[leak.Sighting]().NumField(); f != 18 || s != 9 {
		t.Errorf("a finding has %d fields and a sighting %d: see to it that a ledger holds them", f, s)
	}
}

// BenchmarkLedger is the memory that one more sighting of a known value takes.
func BenchmarkLedger(b *testing.B) {
	const texts, each = 1000, 100
	rnd := rand.New(rand.NewPCG(1, 1))
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		var l ledger
		for rank := range texts {
			var events []Event
			place, origin := leak.Place(leak.GitBlob{Name: "a"}), &leak.Origin{}
			for range each {
				f := someFinding(rnd, place, origin)
				f.Parts, f.Suppressed, f.Notes, f.Decoded, f.Key, f.Hint, f.Severity, f.Proof = nil, nil, nil, nil, "", "", 0, 0
				events = append(events, Event{Finding: f})
			}
			l.add(int64(rank), events)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(texts*each), "bytes/sighting")
		runtime.KeepAlive(&l)
	}
}

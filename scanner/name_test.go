package scanner

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
)

func nameSet(t *testing.T) *rules.Set {
	t.Helper()
	set, err := rules.Compile([]rules.Rule{
		{ID: "token", Regex: `\b(?P<value>ghp_[0-9A-Za-z]{36})\b`, Proof: leak.Pattern, Bits: 178, Show: 4},
		{ID: "tail", Regex: `\bghp_(?P<value>[0-9A-Za-z]{36}(?:-old)?)\b`, Proof: leak.Structural, Bits: 178},
		{ID: "slashes", Regex: `\bpath-(?P<value>[0-9A-Za-z/]{36})\b`, Proof: leak.Pattern, Bits: 178},
		{ID: "generic", Regex: `token-(?P<value>[0-9A-Za-z]{16,40})`, Proof: leak.Generic},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every token in a path is told, none is shown, whichever of them is told; and
// Probe.Name knows beforehand in which components there are some.
func TestNamesByComponent(t *testing.T) {
	set := nameSet(t)
	one, two := leaktest.Must(1, `{{github "ghp_"}}`), leaktest.Must(2, `{{github "ghp_"}}`)
	random := leaktest.Must(3, `{{from "abcdefgh0123456789" 36}}`)
	for path, want := range map[string][]string{
		"a/b/c.txt":                             nil,
		"a/backup-" + one:                       {"tail"},
		one + "/x/" + two + "-old/y":            {"tail", "tail"},
		"path-" + random:                        {"slashes"},
		"path-" + random[:18] + "/" + random:    nil,
		"d/token-" + random[:20]:                nil,
		"very/long/components/without/anything": nil,
	} {
		var out result
		w := newWorker(New(set, Options{}), time.Time{})
		w.look(Blob{Place: leak.File{Name: path}}, nil, []leak.Span{}, &out)
		var got []string
		for _, e := range out.events {
			got = append(got, e.Finding.Rule)
			if j, _ := json.Marshal(e.Finding); strings.Contains(string(j), one[4:]) || strings.Contains(string(j), two[4:]) {
				t.Errorf("finding %d shows a token of the path", len(got))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d components: found %v, not %v", strings.Count(path, "/")+1, got, want)
		}
		probe := NewProbe(set, Options{})
		known := slices.ContainsFunc(strings.Split(path, "/"), func(c string) bool { return probe.Name([]byte(c)) })
		if known != (want != nil) {
			t.Errorf("the probe says %v of a path with %d findings", known, len(want))
		}
		if last := out.last.Path(); strings.Contains(last, one[4:]) || strings.Contains(last, two[4:]) {
			t.Error("progress shows a token of the path")
		}
	}
}

// A panic while a text in memory is looked at is a Gap, like any.
func TestBrokenLook(t *testing.T) {
	n := newNarrowed(New(nameSet(t), Options{Jobs: 1}), time.Time{})
	n.workers[0].set = nil
	n.Look(t.Context(), 0, 1, Blob{Place: leak.File{Name: "a"}}, []byte("text"), nil)
	if pages := n.ledger.pages; len(pages) != 1 || pages[0].notes[0].gap == nil || n.sum.blobs != 1 {
		t.Errorf("told %+v", pages)
	}
}

package scanner

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner/archive"
)

// Event is one thing that a scan tells; exactly one field is set.
type Event struct {
	Finding  *leak.Finding
	Gap      *leak.Gap
	Progress *Progress
}

// Progress is told a few times a second at most.
type Progress struct {
	Blobs, Bytes int64
	Place        leak.Place // the last one that was done; nil where none was worth a look yet
}

// Summary is what a scan has seen. Its numbers do not depend on Jobs.
type Summary struct {
	Blobs      int64            `json:"blobs"`      // texts looked at, archive members and decoded pieces not counted
	Bytes      int64            `json:"bytes"`      // of those
	Findings   int64            `json:"findings"`   // told, suppressed ones included
	Gaps       map[string]int64 `json:"gaps"`       // by code
	Failures   int64            `json:"failures"`   // gaps of class failure
	Boundaries int64            `json:"boundaries"` // gaps of class boundary
	Dropped    map[string]int64 `json:"dropped"`    // matches the rules took out again, by why
	Suppressed map[string]int64 `json:"suppressed"` // findings suppressed, by kind
}

// Options change how a Scanner works; the zero value is the default.
type Options struct {
	Jobs     int        // workers; 0: as many as GOMAXPROCS
	MaxSize  int64      // a larger text is a Gap; 0: no limit
	MinProof leak.Proof // findings of a lower tier are not told, but counted (Summary.Dropped["proof"])
	// MinConfidence drops findings of less; 0 stands for DefaultMinConfidence.
	MinConfidence float64
	Archives      archive.Limits // what one text may unpack to; zero: archive's defaults
	NoUnpack      bool           // archives are texts like others
	NoDecode      bool           // do not look into base64, hex, percent and unicode escapes
	NoInline      bool           // comments do not suppress
	Known         Known          // values to find beside what rules find; nil: none
	Now           time.Time      // for expiry; zero: when Scan is called
	Log           *slog.Logger   // nil is silent
}

// DefaultMinConfidence is the confidence from which on a finding is told. On
// labelled lines of repositories that the weights were not learnt from, nine of ten
// generic findings of that confidence and more are right (docs/quality.md, "Labelled
// lines"); a stricter one loses more right findings than wrong ones.
const DefaultMinConfidence = 0.5

func (o *Options) leastConfidence() float64 {
	if o.MinConfidence == 0 {
		return DefaultMinConfidence
	}
	return o.MinConfidence
}

// Scanner runs rules over sources. It is safe for concurrent use.
type Scanner struct {
	set *rules.Set
	opt Options
}

// New makes a Scanner of compiled rules.
func New(set *rules.Set, opt Options) *Scanner { return &Scanner{set, opt} }

// Scan hands everything that src yields to the rules and tells sink of it, in
// src's order, from one goroutine. An error of sink ends the scan and is
// returned. Where ctx ends first, the Summary says what was seen until then and
// the error is ctx's; where src ends with an error, that one.
func (s *Scanner) Scan(ctx context.Context, src Source, sink func(Event) error) (Summary, error) {
	return s.scan(ctx, src, sink)
}

func (s *Scanner) jobs() int {
	if s.opt.Jobs > 0 {
		return s.opt.Jobs
	}
	return runtime.GOMAXPROCS(0)
}

// Command detect ends a scan of a repository's history where detection ends: all
// commits, tags and blobs were looked at with all built-in rules, and it is known in
// which something is. What oakum does on top of that — by which commit it came,
// under which paths, what the match is worth, the report — is what the difference
// between this row of the tables and oakum's own costs.
//
//	detect JOBS REPO
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// detected is what the scan says when it has gone over the blobs.
const detected = "blobs probed"

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("call it as: detect JOBS REPO"))
	}
	jobs, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fail(err)
	}
	debug.SetGCPercent(50) // as oakum does for a history
	repo, err := gitsource.Open(os.Args[2], gitsource.Options{})
	if err != nil {
		fail(err)
	}
	if err := repo.Narrow(context.Background(), &detection{set: builtin.Set(), jobs: jobs}); err != nil {
		fail(err)
	}
	fail(fmt.Errorf("the scan ended without saying %q", detected))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "detect:", err)
	os.Exit(2)
}

// detection is a scanner.Narrower that only probes.
type detection struct {
	set  *rules.Set
	jobs int
}

var _ scanner.Narrower = (*detection)(nil)

func (d *detection) Set() *rules.Set       { return d.set }
func (d *detection) Probe() *scanner.Probe { return scanner.NewProbe(d.set, scanner.Options{}) }
func (d *detection) Jobs() int             { return d.jobs }
func (d *detection) Log() *slog.Logger     { return slog.New(ending{slog.DiscardHandler}) }
func (d *detection) Seen(int64, int64)     {}
func (d *detection) Gap(int64, *leak.Gap)  {}

// Look and Read are not reached by what history holds; the files of the git
// directory come later.
func (d *detection) Look(context.Context, int, int64, scanner.Blob, []byte, []leak.Span) {}

// Read implements scanner.Narrower.
func (d *detection) Read(context.Context, int, int64, scanner.Blob) {}

// ending ends the process when detection is done, and says what it found.
type ending struct{ slog.Handler }

// Enabled implements slog.Handler.
func (e ending) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (e ending) Handle(_ context.Context, r slog.Record) error {
	if r.Message != detected {
		return nil
	}
	r.Attrs(func(a slog.Attr) bool {
		fmt.Println(a.Key, a.Value)
		return true
	})
	os.Exit(0)
	return nil
}

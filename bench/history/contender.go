package main

import (
	"fmt"
	"strconv"

	"github.com/oakum-sec/oakum/bench/process"
)

// rangeBack is one end of the range that is measured; HEAD is the other.
const rangeBack = "HEAD~10"

// The names of the rows that others are compared with.
const (
	detectionRow = "oakum, detection only"
	historyRow   = "oakum"
	treeRow      = "oakum scan dir"
	rangeRow     = "oakum, range of ten commits"
	stateRow     = "oakum, again with its state"
	catFileRow   = "git cat-file"
	indexRow     = "git index-pack"
	turboRow     = "Kingfisher --turbo"
)

// groups are the tables: rows in one are compared with oakum's in it.
var groups = []struct {
	title string
	ours  []string // oakum's rows that have a column of ratios
}{
	{"History", []string{detectionRow, historyRow}},
	{"A little of it", nil},
	{"HEAD's tree", []string{treeRow}},
}

// contender is a row of the table. Words in capitals in its command stand for
// paths: the record shows the command without them.
type contender struct {
	name    string
	group   int
	command []string
	program process.Program
	prepare process.Program // before, ready to run
	report  string          // the file that it writes findings to; "" none
	missing error           // why it cannot run
	fine    []int           // exit codes beside 0 that are no failure
	died    string          // words on stderr that mean a failure whatever the exit code
	before  []string        // a command that makes what the runs need, not measured
	costs   []process.Cost  // of its runs
	counts  counts          // of the last run
}

// Exit codes of scans that ended well: oakum's 1 (denied) and 3 (parts could not
// be looked at), Betterleaks' 1 and Kingfisher's 200 (findings).
var (
	oakumFine       = []int{1, 3}
	betterleaksFine = []int{1}
	kingfisherFine  = []int{200}
)

// betterleaksDied is what Betterleaks says where the git that it runs died; it
// ends with 1 all the same, where git had printed a finding before.
const betterleaksDied = "failed to scan Git repository"

// contenders lists all rows, in the table's order.
func (s *session) contenders() []*contender {
	jobs := strconv.Itoa(s.jobs)
	scan := []string{"OAKUM", "scan", "git", "--quiet", "--jobs", jobs, "--format", "json", "--output", "REPORT"}
	with := func(more ...string) []string { return append(scan[:len(scan):len(scan)], more...) }
	kingfisher := func(more ...string) []string {
		return append([]string{"KINGFISHER", "scan", "--git-history", "full", "--no-validate", "--no-update-check",
			"--jobs", jobs, "--format", "json", "--output", "REPORT"}, more...)
	}
	// As a person runs it: most of the time goes into writing the report, and JSON takes twice as long.
	told := []string{"OAKUM", "scan", "git", "--quiet", "--jobs", jobs, "--state", "STATE", "REPO"}
	return []*contender{
		{name: detectionRow, command: []string{"DETECT", jobs, "REPO"}},
		{name: historyRow, command: with("REPO"), fine: oakumFine},
		{name: catFileRow, command: []string{"git", "-C", "REPO", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"}},
		{name: indexRow, command: []string{"git", "index-pack", "--threads=" + jobs, "--no-rev-index",
			"--object-format=" + s.repo.format, "-o", "INDEX", "PACK"}},
		{name: "git log -p", command: []string{"git", "-C", "REPO", "log", "-p", "-U0", "--all"}},
		{name: turboRow, command: kingfisher("REPO", "--turbo"), fine: kingfisherFine, before: kingfisher("EMPTY")},
		{name: "Kingfisher", command: kingfisher("REPO"), fine: kingfisherFine, before: kingfisher("EMPTY")},
		{name: "Betterleaks", fine: betterleaksFine, died: betterleaksDied, command: []string{"BETTERLEAKS", "git", "REPO", "--jobs", jobs, "--no-banner",
			"--no-color", "--log-level", "error", "--output", "REPORT"}},
		{name: rangeRow, group: 1, command: with("--range", rangeBack+"..HEAD", "REPO"), fine: oakumFine, missing: s.repo.rangeless()},
		{name: stateRow, group: 1, command: told, fine: oakumFine, before: told},
		{name: treeRow, group: 2, command: []string{"OAKUM", "scan", "dir", "--quiet", "--jobs", jobs, "--format", "json",
			"--output", "REPORT", "TREE"}, fine: oakumFine},
		{name: "ripgrep", group: 2, command: []string{"RG", "-a", "-c", "--no-ignore", "--hidden", "-i", "-F", "--threads", jobs, "-f", "WORDS", "TREE"},
			fine: []int{1}},
	}
}

func (r *repository) rangeless() error {
	if r.facts.Range == 0 {
		return fmt.Errorf("the repository has no %s", rangeBack)
	}
	return nil
}

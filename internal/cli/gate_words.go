package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/internal/setup"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// unheard tells of the files with which a change speaks for itself: that they were
// read as they were before it, and why.
func unheard(t target, f *scanFlags) (notices []report.Notice) {
	if t.repo == nil || t.head == "" {
		return nil
	}
	names := ownNames()
	if t.about != nil {
		names = append(names, setup.BaselineFile) // which a pipeline takes without being told
	}
	for _, name := range names {
		if did := changedIn(t.repo, t.base, t.head, name); did != "" {
			notices = append(notices, unheardOf(name, did))
		}
	}
	for _, named := range []string{f.config, f.baseline, f.allowFile, f.policy} {
		inside := inFolder(t.repo.WorkTree(), named)
		if named == "" || inside == "" || slices.Contains(names, inside) {
			continue
		}
		// Of one that was not there before it is told where it is read.
		if did := changedIn(t.repo, t.base, t.head, inside); did != "" && did != added {
			notices = append(notices, unheardOf(inside, did))
		}
	}
	return notices
}

const (
	added   = "added"
	removed = "removed"
	edited  = "changed"
)

func unheardOf(name, did string) report.Notice {
	text := fmt.Sprintf("%s: %s by this change, not obeyed: a change cannot allow what it brings; it counts from the next one on", name, did)
	if did == removed {
		text = fmt.Sprintf("%s: removed by this change, obeyed once more as it was", name)
	}
	return report.Notice{Code: report.NoticeChange, Text: text}
}

// changedIn tells what became of a file or a policy's folder between two commits, of
// which the first can be none: "" is nothing.
func changedIn(repo *gitsource.Repo, base, head, name string) string {
	now, was := contentOf(repo, head, name), map[string][]byte(nil)
	if base != "" {
		was = contentOf(repo, base, name)
	}
	switch {
	case maps.EqualFunc(was, now, bytes.Equal):
		return ""
	case len(was) == 0:
		return added
	case len(now) == 0:
		return removed
	}
	return edited
}

// contentOf is a file, or what a policy would read of a folder.
func contentOf(repo *gitsource.Repo, rev, name string) map[string][]byte {
	text, err := repo.File(rev, name)
	if err == nil {
		return map[string][]byte{"": text}
	}
	if errors.Is(err, fs.ErrNotExist) {
		if files, err := repo.Folder(rev, name, policy.Wanted); err == nil {
			return files
		}
	}
	return nil
}

// commentsShown bounds the places of comments that a notice lists.
const commentsShown = 20

// commented tells of the comments that a change brings beside values: those that
// silence something, and those that do not.
func (r *running) commented() {
	var silent, denied []string
	for _, f := range r.doc.Findings {
		if f.Suppressed == nil || f.Suppressed.Kind != leak.SuppressInline {
			continue
		}
		at := fmt.Sprintf("%s:%d (%s, %s)", f.Place, f.Line, f.Rule, f.Suppressed.Where)
		if commentOverruled(f) {
			denied = append(denied, at)
		} else {
			silent = append(silent, at)
		}
	}
	for _, c := range []struct {
		places []string
		text   string
	}{
		{silent, "comments that this change adds silence generic findings: "},
		{denied, "comments that this change adds beside credentials, not obeyed, for a change cannot allow what it brings: "},
	} {
		if n := len(c.places); n > 0 {
			places := strings.Join(c.places[:min(n, commentsShown)], ", ")
			if n > commentsShown {
				places += fmt.Sprintf(" and %d more", n-commentsShown)
			}
			r.doc.Notices = append(r.doc.Notices, report.Notice{Code: report.NoticeChange, Text: c.text + places})
		}
	}
}

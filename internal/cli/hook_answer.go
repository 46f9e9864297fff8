package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// grace is what a scan gets to stop at the end of its time and to tell what it
// had found by then.
const grace = 300 * time.Millisecond

// runWithin does the job in at most limit, 0 is no limit. late tells that the
// time was up first; doc then holds what was seen until then.
func (a *app) runWithin(ctx context.Context, limit time.Duration, j job) (doc *report.Document, late bool, err error) {
	if limit <= 0 {
		doc, err = a.run(ctx, j)
		return doc, false, err
	}
	timed, cancel := context.WithTimeout(ctx, max(limit-grace, limit/2))
	defer cancel()
	type result struct {
		doc *report.Document
		err error
	}
	done := make(chan result, 1)
	go func() {
		doc, err := a.run(timed, j)
		done <- result{doc, err}
	}()
	select {
	case r := <-done:
		return r.doc, timed.Err() != nil && ctx.Err() == nil, r.err
	case <-time.After(limit):
		// One text that takes too long to stop at: there is nothing to tell of it.
		empty := &report.Document{Schema: report.Schema, Tool: toolOf(), Targets: []report.Target{j.target.info}}
		empty.Result = report.Result{ExitCode: exitIncomplete, Reason: "stopped before its end"}
		return empty, true, nil
	}
}

// answer tells the developer what the hook decided. Where all is well it says
// nothing: a hook runs at every commit.
func (a *app) answer(f *hookFlags, what *judged, doc *report.Document, late bool) error {
	if doc.Result.ExitCode == exitClean && doc.Result.Verdict == leak.Allow {
		if !f.output.quiet {
			a.notes(doc.Notices)
			a.tellBoundaries(doc.Summary.Boundaries)
		}
		return nil
	}
	told := *a
	if f.output.format == "text" {
		told.Out = a.Err // stdout is git's: push --porcelain is read by programs
	}
	err := told.deliver(doc, f.output)
	switch doc.Result.ExitCode {
	case exitDenied:
		if doc.Counts.Denied == 0 { // a gap, or a policy that is broken
			a.refuse(what, "by the policy: the reason is above")
			break
		}
		text := fmt.Sprintf(": %s\n%s", credentials(doc.Counts.Denied), what.remedy(doc, a.env["GIT_PREFIX"]))
		if what.gate {
			text += "\n" + exception(doc, f.allowSkip)
		}
		a.refuse(what, text, denials(doc)...)
	case exitIncomplete:
		a.refuse(what, ": not all of it could be looked at"+whyLate(late, f.timeout))
	}
	return err
}

// refuse says why, and on GitLab once more what its web editor is to show: that has
// not seen the report.
func (a *app) refuse(what *judged, why string, denied ...*leak.Finding) {
	if !strings.HasPrefix(why, ":") {
		why = " " + why
	}
	text := what.noun + " refused" + why
	if !what.gate || !a.onGitLab() {
		a.say("%s", text)
		return
	}
	for _, f := range denied[:min(len(denied), maxPaths)] {
		text += fmt.Sprintf("\n%s:%d: %s", f.Place, f.Line, f.Rule)
	}
	fmt.Fprintln(a.Err, forGitLab("oakum: "+text))
}

// exception says how what is no secret, or can't wait, gets in nevertheless.
func exception(doc *report.Document, skip bool) string {
	text := "if it is no secret: have the entry that `oakum allow add " + denials(doc)[0].ID + " --reason \"…\"` makes\nmerged into this server's default branch first, for what a push brings along does not count"
	if skip {
		text += "\nif it can't wait: git push -o oakum.skip=\"why\" (you are warned, not stopped)"
	}
	return text
}

// tellBoundaries says in one line that an accepted change leads elsewhere.
func (a *app) tellBoundaries(n int64) {
	if n > 0 {
		a.say("accepted; %d of what it names is not in this repository (a submodule, an LFS file, cut-off history) and was not looked at", n)
	}
}

func credentials(n int) string {
	if n == 1 {
		return "it adds a credential"
	}
	return fmt.Sprintf("it adds %d credentials", n)
}

func whyLate(late bool, limit time.Duration) string {
	if !late {
		return "; what could not is listed above"
	}
	return fmt.Sprintf(" within %s: push in smaller parts, or ask the server's administrator for a larger --timeout", limit)
}

// remedy says what to do, the most usual first. What is no secret has its line
// in the report. prefix is the folder below the top from which git was called.
func (w *judged) remedy(doc *report.Document, prefix string) string {
	denied := denials(doc)
	var b strings.Builder
	switch w.info.Part {
	case "staged":
		files := strings.Join(paths(denied, prefix), " ")
		fmt.Fprintf(&b, "take the value out and stage again:  git add %s\nor leave it out of this commit:  git reset %s\n", files, files)
	case "message":
		b.WriteString("take the value out of the message; your text is kept in .git/COMMIT_EDITMSG\n")
	default:
		b.WriteString("take the value out of the commits that hold it, not by one more commit: history keeps it\n")
		b.WriteString(w.recipe(denied))
	}
	b.WriteString("keep it in a secret store or the environment, and read it from there at run time;\n")
	b.WriteString("if it was ever pushed or shared, rotate it:  oakum rules show " + denied[0].Rule)
	return b.String()
}

// recipe is how to mend the commits that brought the values in.
func (w *judged) recipe(denied []*leak.Finding) string {
	var commits []string
	for _, f := range denied {
		if f.Origin != nil && f.Origin.Commit != "" && !slices.Contains(commits, f.Origin.Commit) {
			commits = append(commits, f.Origin.Commit)
		}
	}
	const amend = "change the file, then  git commit --amend --all --no-edit"
	base := "@{upstream}"
	switch {
	case len(commits) == 0:
		return ""
	case len(commits) == 1 && slices.Contains(w.tips, commits[0]):
		return "it is the last commit: " + amend + "\n"
	case len(commits) == 1 && len(parentsOf(w.repo, commits[0])) == 0:
		base = "--root"
	case len(commits) == 1:
		base = short(commits[0]) + "^"
	}
	names := make([]string, 0, maxPaths)
	for _, c := range commits[:min(len(commits), maxPaths)] {
		names = append(names, short(c))
	}
	if len(commits) > maxPaths {
		names = append(names, "…")
	}
	return fmt.Sprintf("git rebase -i %s, mark %s with edit, %s && git rebase --continue\n", base, strings.Join(names, " "), amend)
}

// short is an id as git's own lists show it.
func short(commit string) string { return commit[:min(len(commit), 10)] }

func denials(doc *report.Document) (denied []*leak.Finding) {
	for _, f := range doc.Findings {
		if f.Decision != nil && f.Decision.Verdict == leak.Deny {
			denied = append(denied, f)
		}
	}
	return denied
}

// maxPaths bounds the files that a message repeats; the report lists them all.
const maxPaths = 5

// paths are the findings' files, each once, as a shell in the folder prefix takes
// them.
func paths(findings []*leak.Finding, prefix string) (all []string) {
	seen := map[string]bool{}
	for _, f := range findings {
		blob, ok := f.Place.(leak.GitBlob)
		if !ok || seen[blob.Name] {
			continue
		}
		seen[blob.Name] = true
		if len(all) == maxPaths {
			return append(all, "…")
		}
		name := blob.Name
		if rel, err := filepath.Rel(prefix, name); err == nil {
			name = filepath.ToSlash(rel)
		}
		all = append(all, shellWord(name))
	}
	return all
}

// shellWord quotes a path where a shell would not take it as one word.
func shellWord(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+=:,-") == "" && !strings.HasPrefix(path, "-") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

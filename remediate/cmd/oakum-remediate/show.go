package main

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/stores"
)

// show writes a plan for people: what goes where, what changes, what stays, and the
// command that does it. It has no colours and no value.
func show(out io.Writer, p *remediate.Plan, file string) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%s  %s, %s, %s\n", p.ID, count(len(p.Secrets), "secret"), count(len(p.Files), "file"), count(len(p.Steps), "step"))
	rotated := map[int]string{}
	for _, one := range p.Proposals() {
		for _, i := range one.Secrets {
			rotated[i] = by(p, one)
		}
	}
	for i, t := range p.Targets {
		showTarget(w, p, i, t, rotated)
	}
	showLeft(w, p)
	fmt.Fprint(w, "\nwhat is moved is as leaked as before: rotate it afterwards\n")
	fmt.Fprintf(w, "next  oakum remediate apply %s\n", report.Escape(file))
	return w.Flush()
}

func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func showTarget(w io.Writer, p *remediate.Plan, at int, t remediate.Target, by map[int]string) {
	fmt.Fprintf(w, "\n%s  %s\n", report.Escape(filepath.Base(t.Dir)), how(t))
	for i, s := range p.Secrets {
		if s.Target == at {
			showSecret(w, p, i, s, by[i])
		}
	}
	for _, f := range p.Files {
		if f.Target == at {
			showFile(w, p, f)
		}
	}
	for _, s := range p.Steps {
		if s.Target == at && s.Risk != "" {
			fmt.Fprintf(w, "  ! %s: %s\n", report.Escape(s.Text), report.Escape(s.Risk))
		}
	}
}

func how(t remediate.Target) string {
	switch t.Mode {
	case remediate.Branch:
		return "on branch " + report.Escape(t.Branch)
	case remediate.Patch:
		return "as a patch, " + report.Escape(t.Patch)
	}
	return "in place"
}

func showSecret(w io.Writer, p *remediate.Plan, i int, s remediate.Secret, by string) {
	places := 0
	for _, f := range p.Files {
		for _, e := range f.Edits {
			if e.Secret == i {
				places++
			}
		}
	}
	name := s.Name
	if s.Field != "" {
		name += " " + s.Field
	}
	fmt.Fprintf(w, "  + %s in %s\n", report.Escape(name), stores.Label(p.Stores[s.Store].Kind))
	fmt.Fprintf(w, "      what      %s, in %s\n", report.Escape(s.Rule), count(places, "place"))
	fmt.Fprintf(w, "      proposed  %s: %s\n", s.Advice.Store, s.Advice.Why)
	fmt.Fprintf(w, "      rotate    %s\n", by)
	for n, stay := range s.Stays {
		if n == 3 {
			fmt.Fprintf(w, "      stays     at %d more places\n", len(s.Stays)-n)
			break
		}
		fmt.Fprintf(w, "      stays     %s: %s\n", report.Escape(stay.Place), report.Escape(stay.Why))
	}
}

// needs are what must be there for a changed file to work, beside the store. What
// `oakum run` gives is not told of each file.
var needs = map[string]string{
	change.NeedPipeline: "as a secret of the pipeline's platform",
	change.NeedBuild:    "as a secret of the build (docker build --secret)",
	change.NeedObject:   "applied to the cluster, and its operator",
	change.NeedAccess:   "readable by the platform's role",
	change.NeedVariable: "as a variable of Terraform",
}

// showFile shows the lines that change, as a diff does, without what else is on them.
func showFile(w io.Writer, p *remediate.Plan, f remediate.File) {
	sign := "~"
	if f.Was == "" {
		sign = "+"
	}
	fmt.Fprintf(w, "  %s %s\n", sign, report.Escape(f.Path))
	for _, e := range f.Edits {
		s := p.Secrets[e.Secret]
		fmt.Fprintf(w, "      %4d  %s → %s\n", e.Line, s.Env, report.Escape(s.Ref))
	}
	for _, n := range f.Needs {
		if kind, name, _ := strings.Cut(n, " "); needs[kind] != "" {
			fmt.Fprintf(w, "      needs %s %s\n", report.Escape(name), needs[kind])
		}
	}
	for _, n := range f.Notes {
		fmt.Fprintf(w, "      note  %s\n", report.Escape(n))
	}
}

// maxLeft is how many findings that nothing is done about are shown: a history can have
// thousands.
const maxLeft = 30

func showLeft(w io.Writer, p *remediate.Plan) {
	if len(p.Left) > 0 {
		fmt.Fprint(w, "\nleft alone\n")
	}
	for i, l := range p.Left {
		if i == maxLeft {
			fmt.Fprintf(w, "  and %d more, which the plan's file has\n", len(p.Left)-i)
			break
		}
		fmt.Fprintf(w, "  %s at %s: %s\n", report.Escape(l.Rule), report.Escape(l.Place), report.Escape(l.Why))
	}
}

// showStatus writes how far a run is.
func showStatus(out io.Writer, s *remediate.Status) error {
	w := bufio.NewWriter(out)
	p := s.Plan
	width := 0
	for _, sec := range p.Secrets {
		width = max(width, len(title(sec)))
	}
	fmt.Fprintf(w, "%s  %s\n", p.ID, progress(s))
	for i, sec := range p.Secrets {
		fmt.Fprintf(w, "  %-*s  %s\n", width, report.Escape(title(sec)), s.States[i])
	}
	if s.Failed != "" {
		fmt.Fprintf(w, "last error  %s\n", report.Escape(s.Failed))
	}
	for _, line := range next(s) {
		fmt.Fprintf(w, "next  %s\n", report.Escape(line))
	}
	return w.Flush()
}

// showRotation writes how far a rotation is.
func showRotation(out io.Writer, p *rotate.Progress) error {
	w := bufio.NewWriter(out)
	o := p.Order
	fmt.Fprintf(w, "%s  %s  %s\n  %s in %s\n", o.ID, o.Name, p.State, report.Escape(o.Subject.ID), report.Escape(o.Store.Entry))
	switch {
	case p.Ended:
	case p.Waiting != "":
		fmt.Fprintf(w, "  waits  %s\n", report.Escape(p.Waiting))
	case p.Failed != "":
		fmt.Fprintf(w, "  last error  %s\n", report.Escape(p.Failed))
	}
	if p.Between {
		fmt.Fprintf(w, "  at once  it was ended while %s were written: what starts now may read values that do not belong together\n", report.Escape(o.Store.Entry))
	}
	if !p.Ended {
		fmt.Fprintf(w, "next  oakum remediate rotate resume %s\n", o.ID)
	}
	return w.Flush()
}

func title(s remediate.Secret) string { return strings.TrimSpace(s.Name + " " + s.Field) }

func progress(s *remediate.Status) string {
	switch {
	case s.Act == "":
		return "not begun"
	case s.Ended && s.Act == "apply":
		return "applied"
	case s.Ended && s.Act == "rollback":
		return "rolled back"
	case s.Ended:
		return "finished"
	case s.Act == "apply":
		return fmt.Sprintf("%d of %d steps", len(s.Verified), len(s.Plan.Steps))
	}
	return s.Act + " did not come to its end"
}

// next is what to do after what was done.
func next(s *remediate.Status) (lines []string) {
	id := s.Plan.ID
	switch {
	case !s.Ended:
		return []string{"oakum remediate resume " + id, "oakum remediate rollback " + id}
	case s.Act != "apply":
		return nil
	}
	for i, t := range s.Plan.Targets {
		if file := ageFile(s.Plan, i); file != "" {
			lines = append(lines, "git -C "+t.Dir+" add "+file+"   (encrypted: commit it, or name a place outside with --to age:FILE)")
		}
		switch t.Mode {
		case remediate.Branch:
			lines = append(lines, "git -C "+t.Dir+" merge "+t.Branch)
		case remediate.Patch:
			lines = append(lines, "git -C "+t.Dir+" apply "+t.Patch)
		}
	}
	lines = append(lines, rotations(s)...)
	return append(lines, "oakum remediate finish "+id+" --approve "+s.Hash+"   (gives up the way back)")
}

// maxRotations is how many rotations are told of one by one; the draft has all.
const maxRotations = 10

// rotations are the commands for what is moved, and as leaked as before. What only a person
// can rotate has the rule's own words.
func rotations(s *remediate.Status) (lines []string) {
	var waits []remediate.Proposal
	for _, p := range s.Plan.Proposals() {
		if s.Waits(p) {
			waits = append(waits, p)
		}
	}
	if len(waits) == 0 {
		return nil
	}
	lines = append(lines, "oakum remediate rotate draft "+s.Plan.ID+"   (drafts the rotations of what is moved, to look through; then each of them)")
	said := map[string]bool{}
	for i, p := range waits {
		if i == maxRotations {
			return append(lines, fmt.Sprintf("and %s more", count(len(waits)-i, "rotation")))
		}
		lines = append(lines, rotateLine(s.Plan, p))
		if sec := s.Plan.Secrets[p.Secrets[0]]; p.Kind == "generic" && sec.Rotate != "" && !said[sec.Rule] {
			said[sec.Rule] = true
			lines = append(lines, "by hand ("+sec.Rule+"): "+sec.Rotate)
		}
	}
	return lines
}

// ageFile is the age file that lies in a target's repository, "" where none does.
func ageFile(p *remediate.Plan, target int) string {
	dir := p.Targets[target].Dir
	for _, s := range p.Secrets {
		st := p.Stores[s.Store]
		if rel, err := filepath.Rel(dir, st.Identity); s.Target == target && st.Kind == "agefile" && err == nil && filepath.IsLocal(rel) && p.Targets[target].Mode != remediate.InPlace {
			return rel
		}
	}
	return ""
}

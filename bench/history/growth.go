package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/bench/process"
)

// grow measures how the cost grows: copies of the history cut at some of its
// commits, packed as they were cloned and packed well, with one worker and with
// all. Everything runs in turns.
func (s *session) grow(ctx context.Context) (string, error) {
	cuts, err := s.cuts(ctx)
	if err != nil {
		return "", err
	}
	dir := s.copies
	if dir == "" {
		dir = s.scratch
	}
	for _, c := range cuts {
		if err := s.provide(ctx, c, dir); ctx.Err() != nil {
			return "", ctx.Err()
		} else if err != nil {
			c.NotMade = s.anonymized(strings.ReplaceAll(err.Error(), dir, "COPIES"))
		}
	}
	s.record.Copies = cuts
	s.versions(ctx, map[string]string{"OAKUM": s.oakum})
	return s.measureCuts(ctx, cuts)
}

// grown are a cut's rows.
type grown struct {
	*cut
	one, all, floor *contender // oakum with one worker and with all; git cat-file
}

func (s *session) measureCuts(ctx context.Context, cuts []*cut) (string, error) {
	var list []grown
	var able []*contender
	var programs []process.Program
	for i, c := range cuts {
		g := grown{cut: c}
		if c.NotMade == "" {
			g.one, g.all, g.floor = s.grower(c, i, 1), s.grower(c, i, s.jobs), s.flooring(c)
			for _, c := range []*contender{g.one, g.all, g.floor} {
				able, programs = append(able, c), append(programs, c.program)
			}
		}
		list = append(list, g)
	}
	err := process.Turns(ctx, s.runs, programs, func(turn, i int, cost process.Cost) error {
		return s.ran(able[i], turn, cost)
	})
	if err != nil {
		return "", err
	}
	return s.growthTable(list), nil
}

func (s *session) grower(c *cut, i, jobs int) *contender {
	g := &contender{
		name: fmt.Sprintf("oakum --jobs %d, %s, %s", jobs, c.Part, c.Packing), fine: oakumFine,
		report:  s.at(fmt.Sprintf("report-%d.json", i)),
		command: []string{"OAKUM", "scan", "git", "--quiet", "--jobs", strconv.Itoa(jobs), "--format", "json", "--output", "REPORT", "COPY"},
	}
	return s.filled(g, c)
}

func (s *session) flooring(c *cut) *contender {
	g := &contender{
		name:    fmt.Sprintf("git cat-file, %s, %s", c.Part, c.Packing),
		command: []string{"git", "-C", "COPY", "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer"},
	}
	return s.filled(g, c)
}

func (s *session) filled(g *contender, c *cut) *contender {
	s.record.Commands[g.name] = strings.Join(g.command, " ")
	g.program = s.program(g, map[string]string{"OAKUM": s.oakum, "COPY": c.repo.path, "REPORT": g.report})
	return g
}

// growthTable is the result as Markdown.
func (s *session) growthTable(list []grown) string {
	var b strings.Builder
	s.heading(&b)
	fmt.Fprintf(&b, "\n| packing | part | commits | objects | pack MB | 1 worker: wall s | CPU s | %d workers: wall s | CPU s | anonymous MB | ÷ objects, CPU µs | git cat-file: wall s | oakum ÷ it, wall |\n", s.jobs)
	b.WriteString("|---|---|" + strings.Repeat("--:|", 11) + "\n")
	for _, g := range list {
		fmt.Fprintf(&b, "| %s | %s | %d |", g.Packing, g.Part, g.Commits)
		if g.NotMade != "" {
			fmt.Fprintf(&b, " not made: %s |%s\n", oneCell(g.NotMade), strings.Repeat(" |", 9))
			continue
		}
		objects := int64(0)
		for _, n := range g.Facts.Objects {
			objects += n
		}
		one, all, floor := g.one.cost(), g.all.cost(), g.floor.cost()
		fmt.Fprintf(&b, " %d | %.1f | %.3f | %.3f | %.3f | %.3f | %s | %.2f | %.3f | %s |%s\n", objects, float64(g.Facts.PackKiB)/1024,
			one.Wall.Seconds(), one.CPU.Seconds(), all.Wall.Seconds(), all.CPU.Seconds(), orNone(all.Anon > 0, fmt.Sprintf("%.0f", mb(all.Anon))),
			float64(all.CPU.Microseconds())/float64(objects), floor.Wall.Seconds(), wallRatio(g.all, g.floor), g.remark())
	}
	fmt.Fprintf(&b, "\n`OAKUM scan git --quiet --jobs N --format json --output REPORT COPY`, `git -C COPY cat-file --batch-all-objects --batch --unordered --buffer`\n")
	return b.String()
}

func wallRatio(o, c *contender) string {
	if !o.ended() || !c.ended() {
		return "–"
	}
	return fmt.Sprintf("%.3f", o.cost().Wall.Seconds()/c.cost().Wall.Seconds())
}

// remark says which of the rows did not do all its work.
func (g grown) remark() string {
	var b strings.Builder
	for _, c := range []*contender{g.one, g.all, g.floor} {
		if c.failed() {
			fmt.Fprintf(&b, " %s: exit %d, %s;", c.name, c.cost().Exit, oneCell(c.cost().Said))
		}
	}
	return b.String()
}

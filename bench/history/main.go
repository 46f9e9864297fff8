// Command history measures a scan of a repository's whole history beside what
// git itself needs to read it and beside other scanners, as whole processes, in
// turns and in one run, on any repository.
//
//	make bench REPO=path                 builds oakum, brings the others, runs this
//	go run ./history -repo path          from bench/
//	go run ./history -repo path -growth  the same history cut at 1/8, 1/4, 1/2 and 1 of its commits
//
// It prints Markdown, and keeps it in results/ with every single run as JSON.
// README.md says what the rows mean. The repository is only read. Reports, which
// hold the values found, are deleted at the end.
//
// A row that cannot run, or does not end well, says why; none is left out in
// silence.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"time"
)

type options struct {
	repo, name string
	oakum      string
	runs, jobs int
	limit      time.Duration
	only       string
	save       string
	collected  bool
	growth     bool
	copies     string
	pack       packing
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.repo, "repo", "", "the `repository` to measure on")
	flag.StringVar(&o.name, "name", "", "what the tables call it (default: its folder's name)")
	flag.StringVar(&o.oakum, "oakum", "../bin/oakum", "the built `program`")
	flag.IntVar(&o.runs, "runs", 3, "how often each is measured")
	flag.IntVar(&o.jobs, "jobs", 2, "workers, for each program that can be told")
	flag.DurationVar(&o.limit, "limit", 15*time.Minute, "a run that takes longer is ended, and its row says so")
	flag.StringVar(&o.only, "only", "", "just the rows whose name matches the `pattern`")
	flag.StringVar(&o.save, "save", "auto", "keep results/`NAME`.md and .json; \"\": nothing (default: date, name and machine)")
	flag.BoolVar(&o.collected, "collected", false, "the packs are git gc's: the bar for them counts")
	flag.BoolVar(&o.growth, "growth", false, "measure how the cost grows with the history")
	flag.StringVar(&o.copies, "copies", "", "the `folder` in which -growth keeps its copies for the next time (default: none are kept)")
	flag.IntVar(&o.pack.window, "window", 250, "of the well packed copies: git pack-objects --window")
	flag.IntVar(&o.pack.depth, "depth", 50, "of the well packed copies: git pack-objects --depth")
	flag.DurationVar(&o.pack.limit, "repack-limit", 20*time.Minute, "the time that packing one copy well may take")
	flag.Parse()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// session is what the measurements of one call share.
type session struct {
	options
	only    *regexp.Regexp
	scratch string // holds all that is made
	repo    *repository
	record  *record
}

func run(ctx context.Context, o options) (err error) {
	s := &session{options: o}
	if o.runs < 1 || o.jobs < 1 {
		return errors.New("-runs, -jobs: a number, 1 or more")
	}
	if s.only, err = regexp.Compile(o.only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	if s.oakum, err = filepath.Abs(o.oakum); err != nil {
		return err
	}
	if s.scratch, err = os.MkdirTemp("", "oakum-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.scratch)
	if s.repo, err = openRepository(ctx, o.repo, o.name); err != nil {
		return err
	}
	s.record = &record{
		Date: time.Now().UTC().Format(time.DateOnly), Machine: describeMachine(), Jobs: o.jobs, Turns: o.runs,
		Repository: s.repo.facts, Versions: map[string]string{}, Commands: map[string]string{}, NotRun: map[string]string{},
	}
	measure := s.compare
	if o.growth {
		measure = s.grow
	}
	table, err := measure(ctx)
	if err != nil {
		return err
	}
	fmt.Print(table)
	return s.keep(table)
}

// keep writes the table and the record into results/.
func (s *session) keep(table string) error {
	if s.save == "" {
		return nil
	}
	name := s.save
	if name == "auto" {
		what := "history"
		if s.growth {
			what = "growth"
		}
		name = fmt.Sprintf("%s-%s-%s-%s-%s-%dcores", s.record.Date, what, s.repo.facts.Name, runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	}
	at := filepath.Join("results", filepath.Base(name))
	if err := os.WriteFile(at+".md", []byte(table), 0o644); err != nil {
		return fmt.Errorf("keep the table: %w", err)
	}
	return s.record.write(at + ".json")
}

// progress tells a person who waits what happens.
func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}

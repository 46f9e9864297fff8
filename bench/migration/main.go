//go:build unix

// Migration measures a migration over many repositories, 10,000 findings in 500 of them:
// how long `oakum remediate plan` takes, how long apply does, which is killed in its
// middle, and resume, and how much memory they have. It tells whether the end is right:
// the branches that were made are clean by `oakum scan`, and the store has each value once.
//
//	go run ./migration -program ../bin/oakum-remediate
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

func main() {
	var o options
	flag.StringVar(&o.program, "program", "../bin/oakum-remediate", "the built `PROGRAM`; oakum lies beside it")
	flag.IntVar(&o.repositories, "repositories", 500, "how many")
	flag.IntVar(&o.times, "times", 3, "the plan is the best of so many")
	flag.IntVar(&o.kill, "kill", 50, "kill apply after so many `PERCENT` of its steps")
	flag.BoolVar(&o.planOnly, "plan", false, "plan, and apply nothing")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "migration:", err)
		os.Exit(1)
	}
}

type options struct {
	program                   string
	repositories, times, kill int
	planOnly                  bool
}

// The findings of a repository: files times lines.
const files, lines = 4, 5

func run(o options) error {
	path, err := filepath.Abs(o.program)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "oakum-migration-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	values, dirs := map[string]bool{}, []string{}
	for r := range o.repositories {
		dir := filepath.Join(work, "repositories", fmt.Sprintf("repository-%04d", r))
		if err := repository(dir, uint64(r), values); err != nil {
			return err
		}
		dirs = append(dirs, dir)
	}
	for _, name := range []string{"store", "state"} {
		if err := os.Mkdir(filepath.Join(work, name), 0o700); err != nil {
			return err
		}
	}
	p := program{path, work, filepath.Join(work, "state")}
	plan, store := filepath.Join(work, "plan.json"), filepath.Join(work, "store", "secrets.age")
	if err := p.plan(o.times, plan, store, dirs); err != nil || o.planOnly {
		return err
	}
	if err := p.applyAll(plan, o.kill); err != nil {
		return err
	}
	if err := errors.Join(clean(filepath.Join(filepath.Dir(path), "oakum"), plan, dirs), once(store, p.identity(), values)); err != nil {
		return err
	}
	fmt.Printf("the end is right: %d repositories are clean by oakum scan, and the store has each of %d values once\n", len(dirs), len(values))
	return nil
}

// plan plans some times, and tells of the best.
func (p program) plan(times int, plan, store string, dirs []string) error {
	var best used
	peak := int64(0)
	for range times {
		u, err := p.run(append([]string{"plan", "--to", "age:" + store, "--out", plan}, dirs...)...)
		if err != nil {
			return err
		}
		if best.time == 0 || u.time < best.time {
			best = u
		}
		peak = max(peak, u.rss)
	}
	best.rss = peak
	fmt.Printf("%d findings in %d repositories: planned in %v (best of %d)\n", len(dirs)*files*lines, len(dirs), best, times)
	return nil
}

// applyAll applies a plan, kills that in its middle, and resumes it.
func (p program) applyAll(plan string, percent int) error {
	steps, err := stepsOf(plan)
	if err != nil {
		return err
	}
	before, done, err := p.killed(plan, steps*percent/100)
	if err != nil {
		return err
	}
	fmt.Printf("%d steps: applied %d in %v, %.0f steps a second; then killed (SIGKILL)\n", steps, done, before, rate(done, before.time))
	after, err := p.run("resume")
	if err != nil {
		return err
	}
	fmt.Printf("resumed: %d steps in %v, %.0f steps a second\n", steps-done, after, rate(steps-done, after.time))
	return nil
}

func rate(steps int, d time.Duration) float64 { return float64(steps) / d.Seconds() }

func stepsOf(plan string) (int, error) {
	text, err := os.ReadFile(plan)
	if err != nil {
		return 0, err
	}
	var p struct{ Steps []struct{ ID string } }
	err = json.Unmarshal(text, &p)
	return len(p.Steps), err
}

// repository is one with tokens that are all different, which are added to values.
func repository(dir string, n uint64, values map[string]bool) error {
	if err := os.MkdirAll(filepath.Join(dir, "config"), 0o755); err != nil {
		return err
	}
	for f := range uint64(files) {
		var text strings.Builder
		for k := range uint64(lines) {
			token := leaktest.Must(1+n*files*lines+f*lines+k, `{{github "ghp_"}}`)
			values[token] = true
			fmt.Fprintf(&text, "SERVICE_%d_%d_TOKEN=%s\n", f, k, token)
		}
		if err := os.WriteFile(filepath.Join(dir, "config", fmt.Sprintf("app%d.env", f)), []byte(text.String()), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-q", "-m", "leak"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", args[0], err, out)
		}
	}
	return nil
}

//go:build unix

// Migration measures a plan over many repositories: how long `oakum remediate plan` takes
// over 10,000 findings in 500 repositories, and how much memory it has.
//
//	go run ./migration -program ../bin/oakum-remediate
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

func main() {
	program := flag.String("program", "../bin/oakum-remediate", "the built `PROGRAM`")
	repositories := flag.Int("repositories", 500, "how many")
	times := flag.Int("times", 3, "best of so many")
	flag.Parse()
	if err := run(*program, *repositories, *times); err != nil {
		fmt.Fprintln(os.Stderr, "migration:", err)
		os.Exit(1)
	}
}

// The findings of a repository: files times lines.
const files, lines = 4, 5

func run(program string, repositories, times int) error {
	program, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "oakum-migration-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	args := []string{"remediate", "plan", "--to", "age:" + filepath.Join(work, "store", "secrets.age"), "--out", filepath.Join(work, "plan.json")}
	for r := range repositories {
		dir := filepath.Join(work, "repositories", fmt.Sprintf("repository-%04d", r))
		if err := repository(dir, uint64(r)); err != nil {
			return err
		}
		args = append(args, dir)
	}
	if err := os.Mkdir(filepath.Join(work, "store"), 0o755); err != nil {
		return err
	}
	best, peak := time.Duration(0), int64(0)
	for range times {
		took, rss, err := plan(program, work, args)
		if err != nil {
			return err
		}
		if best == 0 || took < best {
			best = took
		}
		peak = max(peak, rss)
	}
	fmt.Printf("%d findings in %d repositories: planned in %.1f s (best of %d), at most %d MB resident\n",
		repositories*files*lines, repositories, best.Seconds(), times, peak>>20)
	return nil
}

// repository is one with tokens that are all different.
func repository(dir string, n uint64) error {
	if err := os.MkdirAll(filepath.Join(dir, "config"), 0o755); err != nil {
		return err
	}
	for f := range uint64(files) {
		var text strings.Builder
		for k := range uint64(lines) {
			fmt.Fprintf(&text, "SERVICE_%d_%d_TOKEN=%s\n", f, k, leaktest.Must(1+n*files*lines+f*lines+k, `{{github "ghp_"}}`))
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

func plan(program, work string, args []string) (took time.Duration, rss int64, err error) {
	state, err := os.MkdirTemp("", "oakum-migration-state-")
	if err != nil {
		return 0, 0, err
	}
	defer os.RemoveAll(state)
	cmd := exec.Command(program, args...)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "OAKUM_STATE_DIR="+state, "OAKUM_AGE_IDENTITY="+filepath.Join(state, "age.txt"))
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("plan: %w: %.2000s", err, out)
	}
	took = time.Since(start)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = usage.Maxrss << 10 // Linux counts kilobytes (getrusage(2))
	}
	return took, rss, nil
}

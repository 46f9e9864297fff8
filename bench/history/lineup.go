package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/bench/process"
	"github.com/oakum-sec/oakum/bench/words"
)

// lineup makes the contenders ready to run.
func (s *session) lineup(ctx context.Context) ([]*contender, error) {
	paths, missing, err := s.paths(ctx)
	if err != nil {
		return nil, err
	}
	var list []*contender
	for i, c := range s.contenders() {
		if !s.only.MatchString(c.name) {
			s.record.NotRun[c.name] = "left out by -only"
			continue
		}
		list = append(list, c)
		for _, word := range c.command {
			if err := missing[word]; err != nil && c.missing == nil {
				c.missing = err
			}
		}
		if c.missing != nil {
			s.record.NotRun[c.name] = s.anonymized(c.missing.Error())
			continue
		}
		s.record.Commands[c.name] = strings.Join(c.command, " ")
		paths["REPORT"] = s.at(fmt.Sprintf("report-%d.json", i))
		if slices.Contains(c.command, "REPORT") {
			c.report = paths["REPORT"]
		}
		c.program = s.program(c, paths)
		if c.before != nil {
			c.prepare = process.Program{Name: c.name, Steps: []process.Step{s.step(c.before, paths)}, Fine: c.fine}
		}
	}
	return list, nil
}

// program fills the paths into a contender's command, once for each pack where
// it is about a PACK.
func (s *session) program(c *contender, paths map[string]string) process.Program {
	p := process.Program{Name: c.name, Fine: c.fine, Died: c.died, Limit: s.limit}
	if !slices.Contains(c.command, "PACK") {
		p.Steps = []process.Step{s.step(c.command, paths)}
		return p
	}
	for i, pack := range s.repo.packs {
		paths["PACK"], paths["INDEX"] = pack, s.at(fmt.Sprintf("pack-%d.idx", i))
		p.Steps = append(p.Steps, s.step(c.command, paths))
	}
	return p
}

// step runs outside of every repository: in one, index-pack would compare what
// it reads with what is there.
func (s *session) step(command []string, paths map[string]string) process.Step {
	step := process.Step{Dir: s.scratch, Env: append(quietly[:len(quietly):len(quietly)], "KF_RULE_CACHE_DIR="+s.at("kingfisher"))}
	for _, word := range command {
		if path, ok := paths[word]; ok {
			word = path
		}
		step.Args = append(step.Args, word)
	}
	return step
}

func (s *session) at(name string) string { return filepath.Join(s.scratch, name) }

// paths gives what the words in capitals stand for, and for those that stand for
// nothing here the reason.
func (s *session) paths(ctx context.Context) (paths map[string]string, missing map[string]error, err error) {
	paths = map[string]string{"OAKUM": s.oakum, "REPO": s.repo.path, "STATE": s.at("state"), "WORDS": s.at("words"), "TREE": s.at("tree"), "EMPTY": s.at("empty")}
	missing = map[string]error{}
	if _, _, err := words.Write(paths["WORDS"]); err != nil {
		return nil, nil, err
	}
	if err := os.Mkdir(paths["EMPTY"], 0o755); err != nil {
		return nil, nil, err
	}
	if missing["TREE"] = s.repo.export(ctx, paths["TREE"]); ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	paths["DETECT"], missing["DETECT"] = s.detect(ctx)
	paths["KINGFISHER"], missing["KINGFISHER"] = rival("kingfisher")
	paths["BETTERLEAKS"], missing["BETTERLEAKS"] = rival("betterleaks")
	paths["RG"], missing["RG"] = ripgrep()
	if len(s.repo.packs) == 0 {
		missing["PACK"] = errors.New("the repository has no pack of its own")
	}
	s.versions(ctx, paths)
	return paths, missing, nil
}

// detect builds the program of that name.
func (s *session) detect(ctx context.Context) (path string, err error) {
	path = s.at("detect")
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "./detect").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build detect: %w: %s", err, out)
	}
	return path, nil
}

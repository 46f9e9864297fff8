package cli

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/agent"
	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

// agentLook looks at one call of a coding agent.
type agentLook struct {
	*app
	flags *agentFlags
	call  *agent.Call
	now   time.Time
	root  string // of the repository around the agent's folder, or that folder
	job   job
	of    map[*leak.Finding]callPart // where a finding came from, until it is merged

	standing *standing
}

// callPart is a file or a text of the call, by its index.
type callPart struct {
	index  int
	inFile bool
}

// answer is what is to be said to the call. Its error is about what kept the call
// from being looked at.
func (l *agentLook) answer(ctx context.Context) (agent.Answer, error) {
	if l.call.Guard != "" {
		return l.call.Guarded(agent.Mode(l.flags.mode)), nil
	}
	if l.call.Event == agent.Other || len(l.call.Reads)+len(l.call.Texts) == 0 {
		return agent.Answer{}, nil
	}
	if err := l.prepare(); err != nil {
		return agent.Answer{}, err
	}
	hits, missed, err := l.scan(ctx, append(l.files(), l.texts(nil)...))
	if err != nil {
		return agent.Answer{}, err
	}
	if len(hits) == 0 {
		if missed != "" {
			return l.call.NotLooked(missed, l.flags.strict), nil
		}
		return agent.Answer{}, nil
	}
	return l.call.Decide(agent.Mode(l.flags.mode), hits, func(masked map[int]string) (still []int, whole bool, err error) {
		left, missed, err := l.scan(ctx, l.texts(masked))
		for _, h := range left {
			still = append(still, h.Index)
		}
		return still, missed != "", err
	})
}

// prepare finds what configures the scan. An installed hook is no trust here, other
// than with git's: the agent itself can write what stands in the project.
func (l *agentLook) prepare() (err error) {
	dir := l.call.Dir
	if dir == "" {
		dir = "."
	}
	l.root = dir
	if top, ok := gitsource.Find(dir); ok {
		l.root = top
	}
	f := l.flags.scanFlags
	if l.job, err = f.job(l.now); err != nil {
		return err
	}
	l.job.options.NoUnpack = true // a tool shows an archive as it is
	t := target{info: report.Target{Kind: "agent", Path: l.call.Tool}, own: ownFiles(l.root), root: l.root, gone: goneFrom(l.root)}
	if l.job.config, err = l.configureFor(t, f, l.now); err != nil {
		return err
	}
	l.job.target = t
	if err := l.job.obey(f.policy); err != nil {
		return err
	}
	l.job.about = l.judging(t, l.job.about)
	l.job.about.Event = policy.Hook
	if slices.ContainsFunc(l.call.Texts, func(t agent.Text) bool { return t.Role == agent.Written }) {
		l.job.about.Event = policy.Gate
	}
	l.standing = &standing{look: l, ids: map[string]map[string]bool{}}
	l.job.config.lists = append(l.job.config.lists, l.standing)
	return nil
}

// name is how a file is called in fingerprints: from the top of its repository.
func (l *agentLook) name(path string) string {
	if path == "" {
		return ""
	}
	abs := l.path(path)
	if rel, err := filepath.Rel(l.root, abs); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(path)
}

// path is where a file lies, as the agent means it.
func (l *agentLook) path(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.call.Dir, path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return path
}

// standing is the list of what stands already in a file that the agent writes: it is
// judged by what it adds.
type standing struct {
	look *agentLook
	ids  map[string]map[string]bool // by file, of the findings in it and in the text that is replaced
}

// Match is asked once a sighting.
func (s *standing) Match(f *leak.Finding) *leak.Suppression {
	from, ok := s.look.of[f]
	if !ok || from.inFile || s.look.call.Texts[from.index].Role != agent.Written {
		return nil
	}
	t := s.look.call.Texts[from.index]
	if !s.findings(t)[f.ID] {
		return nil
	}
	return &leak.Suppression{Kind: leak.SuppressBaseline, Reason: "was there before", Where: s.look.name(t.File)}
}

// Unused: nobody wrote this list.
func (s *standing) Unused() []string { return nil }

var _ allow.List = (*standing)(nil)

// findings are the ids of what the file holds now. What cannot be read holds
// nothing: then the finding counts.
func (s *standing) findings(t agent.Text) map[string]bool {
	key := t.File + "\x00" + t.Old
	if ids := s.ids[key]; ids != nil {
		return ids
	}
	ids := map[string]bool{}
	s.ids[key] = ids
	texts := [][]byte{[]byte(t.Old)}
	if now, err := readRegular(s.look.path(t.File)); err == nil {
		texts = append(texts, now)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return ids
	}
	for _, text := range texts {
		s.look.identify(leak.File{Name: s.look.name(t.File)}, text, ids)
	}
	return ids
}

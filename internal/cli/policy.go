package cli

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/policy"
)

// obey has the job's policy be the one that the user named. The configuration is
// read, and its notices get one more where there is something to tell.
func (j *job) obey(name string) error {
	p, notice, err := loadPolicy(name, j.target)
	if err != nil {
		return err
	}
	if j.policy = p; notice != nil {
		j.config.notices = append(j.config.notices, *notice)
	}
	return nil
}

// loadPolicy reads the policy that the user named, in a gate as it was before the
// change; without a name it is the built-in one. One that is broken denies, and a
// notice says why: what can't even be read is an error.
func loadPolicy(name string, t target) (p *policy.Policy, notice *report.Notice, err error) {
	if name == "" {
		p, err = policy.Load(policy.Options{})
		return p, nil, err
	}
	opt, err := readPolicy(name, t)
	if errors.Is(err, errNotBefore) {
		p, err = policy.Load(policy.Options{})
		return p, &report.Notice{Code: report.NoticeUntrusted, Text: fmt.Sprintf("%s: named, not obeyed: %s", name, errNotBefore)}, err
	}
	if err != nil {
		return nil, nil, err
	}
	p, err = policy.Load(opt)
	if broken, ok := errors.AsType[*policy.BrokenError](err); ok {
		return p, brokenNotice(broken, name), nil
	}
	return p, nil, err
}

// readPolicy reads the files of a policy.
func readPolicy(name string, t target) (policy.Options, error) {
	if t.named == nil {
		return policy.Read(name)
	}
	opt := policy.Options{Name: filepath.ToSlash(name)}
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		opt.Files, err = t.namedFolder(name)
		return opt, err
	}
	content, err := t.named(name)
	if err != nil {
		return opt, fmt.Errorf("read policy: %w", err)
	}
	opt.Files, err = policy.OfFile(path.Base(opt.Name), content)
	return opt, err
}

func brokenNotice(err *policy.BrokenError, name string) *report.Notice {
	n := &report.Notice{Code: report.NoticePolicy, Text: err.Error()}
	if name != "" {
		n.Do = "oakum policy test " + shellWord(name)
	}
	return n
}

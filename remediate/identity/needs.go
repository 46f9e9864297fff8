package identity

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/oakum-sec/oakum/remediate/access"
)

// maxInline is what a role's inline policies may have together, in characters that are
// not white (IAM User Guide, "IAM and AWS STS quotas").
const maxInline = 10_240

// needs are those that the settings name, each once and in a fixed order.
func (c *cloud) needs(s *Settings, p *Plan) ([]access.Need, error) {
	all := slices.Clone(s.Needs.Also)
	if s.Needs.Access != "" {
		declared, err := c.declared(s, p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Needs.Access, err)
		}
		all = append(all, declared...)
	}
	if s.Needs.Observed != "" {
		text, err := os.ReadFile(c.file(s.Needs.Observed))
		if err != nil {
			return nil, err
		}
		seen, err := Observed(text, p.Key, p.Account)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Needs.Observed, err)
		}
		all = append(all, seen.Needs...)
		p.Warnings = append(p.Warnings, seen.Told...)
	}
	for _, n := range all {
		if err := n.Valid(); err != nil {
			return nil, fmt.Errorf("needs: %w", err)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("needs: there is none; a role that may do nothing replaces no key")
	}
	slices.SortFunc(all, func(a, b access.Need) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.Resource, b.Resource), cmp.Compare(pairs(a.Context), pairs(b.Context)))
	})
	return slices.CompactFunc(all, func(a, b access.Need) bool { return reflect.DeepEqual(a, b) }), nil
}

func pairs(m map[string]string) (text string) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		text += k + "=" + m[k] + "\n"
	}
	return text
}

// declared are the needs of a reader, which must be the same identity.
func (c *cloud) declared(s *Settings, p *Plan) ([]access.Need, error) {
	text, err := os.ReadFile(c.file(s.Needs.Access))
	if err != nil {
		return nil, err
	}
	d, err := access.Read(text)
	if err != nil {
		return nil, err
	}
	if d.AWS.Account != p.Account.Account || d.AWS.Region != p.Account.Region {
		return nil, fmt.Errorf("it is about account %s in %s, and AWS was asked as account %s in %s", d.AWS.Account, d.AWS.Region, p.Account.Account, p.Account.Region)
	}
	needs, err := d.Needs(s.Needs.Reader)
	if err == nil && !reflect.DeepEqual(d.Readers[s.Needs.Reader].As, p.identity()) {
		err = fmt.Errorf("readers.%s is another identity than the workload of the settings: who may take the role would be said twice, and differently", s.Needs.Reader)
	}
	return needs, err
}

func (t *Tools) file(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(t.Dir, name)
}

package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/locate"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/tree"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Found is a folder or repository, and the values that are to leave it.
type Found struct {
	Dir    string // absolute
	Values []*locate.Value
	Rotate func(rule string) string // how a rule's credentials are rotated, "" if nobody knows
}

// planner makes one plan.
type planner struct {
	*Tools
	wish   Wish
	plan   *Plan
	stores []*store.Store
	kinds  []store.Description
	taken  map[string]string // store and name and field → tag
	owner  map[string]int    // store and name → target
	seen   map[string]*standing
	opened map[[2]string]int // store as named, folder → number in the plan
}

// Plan works out what moves the values into a store. It changes nothing.
func (t *Tools) Plan(ctx context.Context, found []Found, wish Wish) (*Plan, error) {
	if wish.Patch != "" && len(found) > 1 {
		return nil, errors.New("--patch is for one folder: a patch is of one repository")
	}
	p := &planner{Tools: t, wish: wish, taken: map[string]string{}, owner: map[string]int{}, seen: map[string]*standing{}, opened: map[[2]string]int{},
		plan: &Plan{Way: wish.Way, Schema: Schema, ID: act.Plans.NewID(t.now()), Created: t.now().Truncate(1e9), Tool: t.Version, Key: t.Key.ID}}
	for _, f := range found {
		if err := p.target(ctx, f); err != nil {
			return nil, fmt.Errorf("plan for %s: %w", f.Dir, err)
		}
	}
	return p.plan, planFile.Sign(p.plan, t.Key)
}

// target plans for one folder: what goes where, which files change, which steps do it.
func (p *planner) target(ctx context.Context, f Found) error {
	t, err := p.mode(ctx, f)
	if err != nil {
		return err
	}
	at := len(p.plan.Targets)
	p.plan.Targets = append(p.plan.Targets, t)
	begin := len(p.plan.Secrets)
	groups, err := p.secrets(ctx, at, f)
	if err == nil {
		groups, err = p.settle(ctx, begin, groups)
	}
	if err != nil {
		return err
	}
	w := &writing{planner: p, at: at, target: t, begin: begin, groups: groups}
	if err := w.files(ctx); err != nil {
		return err
	}
	return p.steps(ctx, at, begin)
}

// mode says how the files of a folder change.
func (p *planner) mode(ctx context.Context, f Found) (Target, error) {
	t := Target{Dir: f.Dir, Mode: p.wish.Mode}
	_, err := os.Lstat(filepath.Join(f.Dir, ".git"))
	if repo := err == nil; t.Mode == "" {
		t.Mode = InPlace
		if repo {
			t.Mode = Branch
		}
	} else if t.Mode != InPlace && !repo {
		return t, errors.New("it is no repository's root, so there is no branch and no patch to make: use --in-place")
	}
	if t.Mode == InPlace {
		return t, nil
	}
	set, err := tree.Plan(ctx, f.Dir, nil, nil, p.plan.options())
	if err != nil {
		return t, fmt.Errorf("%w; or use --in-place", err)
	}
	t.Head = set.Head
	if t.Mode == Patch {
		t.Patch = p.wish.Patch
	} else {
		t.Branch = cmp.Or(p.wish.Branch, "oakum/"+p.plan.ID)
	}
	return t, nil
}

// group is one secret's values: the same bytes, told of by several findings.
type group struct {
	values []*locate.Value
	word   Mapped
}

// secrets gives each value, known by its tag, a place in a store.
func (p *planner) secrets(ctx context.Context, at int, f Found) (groups []*group, err error) {
	byTag := map[string]*group{}
	var order []string
	for _, v := range f.Values {
		word := p.wish.Map.of(v)
		switch {
		case word.Skip:
			p.leave(v, "the map says to skip it")
		case v.Secret.IsZero():
			p.leave(v, unseen(v))
		case leak.Planted(v.Finding.Notes) != "":
			p.leave(v, leak.Planted(v.Finding.Notes)+"; moved, it would be a trap no more")
		case len(v.Spots) == 0:
			p.leave(v, why(v))
		default:
			tag := p.Key.Tag(v.Secret)
			g := byTag[tag]
			if g == nil {
				g = &group{}
				byTag[tag] = g
				order = append(order, tag)
			}
			g.values = append(g.values, v)
			if g.word.Finding == "" {
				g.word = word
			}
		}
	}
	envs, err := p.envs(f.Dir)
	if err != nil {
		return nil, err
	}
	for _, tag := range order {
		g := byTag[tag]
		s, err := p.secret(ctx, at, f, tag, g, envs)
		if err != nil {
			return nil, err
		}
		p.plan.Secrets = append(p.plan.Secrets, s)
		groups = append(groups, g)
	}
	return groups, nil
}

// why says of a value with no place to change what is to be done with it.
func why(v *locate.Value) string {
	if len(v.Others) == 0 {
		return "it is in no file that can be changed"
	}
	return v.Others[0].Why
}

// identityRule is of findings that are a login without a value: a pipeline that uses a
// static key out of its platform's secrets.
const identityRule = "static-identity"

// unseen says of a finding without a value what is to be done with it.
func unseen(v *locate.Value) string {
	switch {
	case v.Rule == identityRule && len(v.Finding.Notes) > 0:
		return "a static key in use, whose value is not here: " + strings.Join(v.Finding.Notes, "; ")
	case len(v.Spots) == 0 && len(v.Others) > 0:
		return v.Others[0].Why
	}
	return "nobody has its value"
}

func (p *planner) leave(v *locate.Value, why string) {
	place := v.Finding.Place.String()
	p.plan.Left = append(p.plan.Left, Left{v.Finding.ID, v.Rule, place, why})
}

// envs are the names that a target's names file has already.
func (p *planner) envs(dir string) (taken map[string]string, err error) {
	taken = map[string]string{}
	err = inRoot(dir, func(root *os.Root) error {
		names, _, _, err := readNames(root)
		for name, r := range names {
			taken[name] = r.String()
		}
		return err
	})
	return taken, err
}

func (p *planner) secret(ctx context.Context, at int, f Found, tag string, g *group, envs map[string]string) (Secret, error) {
	v := best(g.values)
	i, err := p.store(ctx, cmp.Or(g.word.Store, p.wish.To, DefaultStore), f.Dir)
	if err != nil {
		return Secret{}, err
	}
	s := Secret{Tag: tag, Target: at, Rule: v.Rule, About: about(v.Finding.Notes), Store: i, Env: cmp.Or(g.word.Env, envName(v.Key, v.Rule))}
	s.Advice = advise(v, s.Env)
	if f.Rotate != nil {
		s.Rotate = f.Rotate(v.Rule)
	}
	var files []string
	for _, v := range g.values {
		if !slices.Contains(s.Findings, v.Finding.ID) {
			s.Findings = append(s.Findings, v.Finding.ID)
		}
		s.came(v.Finding)
		for _, spot := range v.Spots {
			files = append(files, spot.File)
		}
		for _, o := range v.Others {
			s.stay(Stay{Place: o.Place, Why: o.Why})
		}
	}
	prefix, stage := p.wish.Prefix, "" // whoever names a prefix has said where it runs
	if prefix == "" {
		prefix, stage = prefixOf(f.Dir), stageOf(files)
	}
	if err := p.place(&s, i, g.word, prefix, stage); err != nil {
		return s, err
	}
	d := p.kinds[i]
	s.Ref, s.ARN = d.Ref.To(s.Name, s.Field), g.word.ARN
	for n, base := 2, s.Env; envs[s.Env] != "" && envs[s.Env] != s.Ref; n++ {
		s.Env = fmt.Sprintf("%s_%d", base, n)
	}
	envs[s.Env] = s.Ref
	return s, nil
}

// about is what a finding's notes tell of whose the credential is.
func about(notes []string) (all []string) {
	for _, n := range notes {
		switch what, _, _ := strings.Cut(n, " "); what {
		case "user", "host", "database", "account", "for":
			all = append(all, n)
		}
	}
	return all
}

// came keeps the earliest commit that the places of a finding name.
func (s *Secret) came(f *leak.Finding) {
	for _, at := range append([]leak.Sighting{f.Sighting}, f.Also...) {
		o := at.Origin
		if o != nil && !o.Date.IsZero() && (s.First == nil || o.Date.Before(s.First.Date)) {
			s.First = &First{o.Commit, o.Date.UTC()}
		}
	}
}

func (s *Secret) stay(at Stay) {
	if !slices.Contains(s.Stays, at) {
		s.Stays = append(s.Stays, at)
	}
}

// best is the value whose name says most: the one of an environment variable.
func best(values []*locate.Value) *locate.Value {
	return slices.MinFunc(values, func(a, b *locate.Value) int {
		return cmp.Compare(dullness(a), dullness(b))
	})
}

func dullness(v *locate.Value) int {
	switch {
	case v.Key == "" || empty[strings.ToLower(v.Key)]:
		return 3
	case ref.ValidName(v.Key) && strings.ToUpper(v.Key) == v.Key:
		return 0
	case !strings.ContainsAny(v.Key, ".["):
		return 1
	}
	return 2
}

// place names a secret in its store, so that two secrets never share a name.
func (p *planner) place(s *Secret, i int, word Mapped, prefix, stage string) error {
	d := p.kinds[i]
	service, field := serviceOf(s.Env)
	for n := 1; ; n++ {
		segments := []string{prefix, stage, service}
		if n > 1 {
			segments[2] = fmt.Sprintf("%s-%d", service, n)
		}
		s.Name, s.Field = storeName(d, segments...), field
		if d.Flat {
			s.Name, s.Field = storeName(d, append(segments, field)...), ""
		}
		if word.Name != "" {
			s.Name, s.Field = word.Name, word.Field
			if s.Field == "" && !word.Whole && !d.Flat {
				s.Field = field
			}
		}
		name := fmt.Sprintf("%d\x00%s", i, s.Name)
		id := name + "\x00" + s.Field
		target, named := p.owner[name]
		if at, ok := p.taken[id]; ok && at == s.Tag || !ok && (!named || target == s.Target) {
			p.taken[id], p.owner[name] = s.Tag, s.Target
			return nil
		}
		if word.Name != "" {
			return fmt.Errorf("the map puts two values at %s %s, or those of two folders: give one of them another name or field", s.Name, s.Field)
		}
	}
}

// store opens a store once, and gives its number.
func (p *planner) store(ctx context.Context, named, dir string) (int, error) {
	at := [2]string{named, dir}
	if i, ok := p.opened[at]; ok {
		return i, nil
	}
	s, d, err := p.open(ctx, named, dir)
	if err != nil {
		return 0, fmt.Errorf("open the store %s: %w", named, err)
	}
	for i, have := range p.plan.Stores {
		if have.Kind == d.Kind && have.Identity == d.Identity {
			p.opened[at] = i
			return i, nil
		}
	}
	p.stores, p.kinds = append(p.stores, s), append(p.kinds, d)
	p.plan.Stores = append(p.plan.Stores, Store{named, d.Kind, d.Identity, d.Atomic})
	p.opened[at] = len(p.stores) - 1
	return p.opened[at], nil
}

// secretAt is what stands at an edit, for the plan's own checks.
func secretAt(content []byte, e Edit) leak.Secret {
	return locate.At(content, leak.Span{Start: e.Start, End: e.End})
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// plant is one file with one leak in it, or with a decoy.
type plant struct {
	rule    string // that must find it; "" where nothing may be found
	setting string
	kind    string // of value: "token", "random password", …
	file    string // below the scanned folder
}

// garden is a folder of files with leaks, and the list of what is where.
type garden struct {
	dir    string
	plants []plant
}

func seeded(ctx context.Context, out io.Writer, b binary, seeds int) error {
	g := garden{dir: filepath.Join(b.scratch, "garden")}
	for seed := range uint64(seeds) {
		if err := g.tokens(seed); err != nil {
			return err
		}
		if err := g.generics(seed); err != nil {
			return err
		}
	}
	d, err := b.scan(ctx, g.dir)
	if err != nil {
		return err
	}
	found := map[string]map[string]bool{} // by file: the rules that found something
	for _, f := range d.Findings {
		for _, s := range slices.Concat([]leak.Sighting{f.Sighting}, f.Also) {
			name := s.Place.String()
			if found[name] == nil {
				found[name] = map[string]bool{}
			}
			found[name][f.Rule] = true
		}
	}
	g.tell(out, found)
	return nil
}

// tokens plants every rule's values: in all settings where the rule knows the value
// by itself, else as the rule's own examples have it.
func (g *garden) tokens(seed uint64) error {
	all, err := builtin.Rules()
	if err != nil {
		return err
	}
	set := builtin.Set()
	for n := range all {
		r := &all[n]
		if r.Matcher != "" || r.SkipReport || r.Path != "" {
			continue
		}
		for i, s := range settings {
			value, err := valueOf(set, r, seed<<16|uint64(n)<<6|uint64(i))
			if err != nil {
				return err
			}
			if value == "" || strings.ContainsAny(value, "\n'\"\\ $") {
				break // known by its surroundings, or of several lines
			}
			if err := g.plant(plant{r.ID, s.name, "token of a provider", ""}, s.file, s.put("value", value)); err != nil {
				return err
			}
		}
		for i, want := range r.Want {
			text, err := leaktest.Render(seed<<8|uint64(i), want)
			if err != nil {
				return fmt.Errorf("%s: %w", r.ID, err)
			}
			if err := g.plant(plant{r.ID, "its own example", "token of a provider", ""}, "notes.txt", text); err != nil {
				return err
			}
		}
	}
	return nil
}

// valueOf is a value that r finds with nothing telling beside it; "" if it finds none.
func valueOf(set *rules.Set, r *rules.Rule, seed uint64) (string, error) {
	text, err := leaktest.Render(seed, r.Want[int(seed)%len(r.Want)])
	if err != nil {
		return "", fmt.Errorf("%s: %w", r.ID, err)
	}
	for _, m := range set.Append(nil, []byte(text)) {
		if m.Rule.ID != r.ID {
			continue
		}
		value := text[m.Value[0]:m.Value[1]]
		for _, again := range set.Append(nil, []byte("value: \""+value+"\"\n")) {
			if again.Rule.ID == r.ID {
				return value, nil
			}
		}
	}
	return "", nil
}

// secretNames are what people call secrets; kinds what they put there.
var (
	secretNames = []string{"DB_PASSWORD", "api_key", "clientSecret", "AUTH_TOKEN", "smtp_password", "jwtSecret"}
	kinds       = map[string]string{
		"random, 32 letters and digits": "{{alnum 32}}",
		"random, 32 hexadecimal":        "{{hex 32}}",
		"random, 40 base64url":          "{{base64url 40}}",
		"random password, 16":           "{{randomPassword 16}}",
		"password of a person":          "{{password}}",
		"UUID":                          "{{uuid}}",
	}
	decoys = map[string]string{
		"reference":   "${SECRET_FROM_VAULT}",
		"mask":        "********",
		"placeholder": "your-secret-here",
		"empty word":  "changeme",
		"template":    "{{\"{{\"}} .Values.secret {{\"}}\"}}",
		"sentence":    "the secret of the service",
		"path":        "/run/secrets/db_password",
		"function":    "get_secret(name)",
	}
)

func (g *garden) generics(seed uint64) error {
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for i, s := range settings {
			for j, name := range secretNames {
				value, err := leaktest.Render(seed<<20|uint64(i)<<8|uint64(j), kinds[kind])
				if err != nil {
					return err
				}
				if strings.ContainsAny(value, "'\"\\$ #`<>&") {
					continue // each language writes these in its own way; testdata/spellings has them
				}
				if err := g.plant(plant{"generic-secret", s.name, kind, ""}, s.file, s.put(name, value)); err != nil {
					return err
				}
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(decoys)) {
		for j, s := range settings {
			value, err := leaktest.Render(seed, decoys[kind])
			if err != nil {
				return err
			}
			if err := g.plant(plant{"", s.name, kind, ""}, s.file, s.put(secretNames[j%len(secretNames)], value)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *garden) plant(p plant, file, text string) error {
	p.file = fmt.Sprintf("%d/%d/%s", len(g.plants)/500, len(g.plants), file)
	path := filepath.Join(g.dir, filepath.FromSlash(p.file))
	g.plants = append(g.plants, p)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// score is how many of how many.
type score struct{ hits, of int }

func (s *score) count(hit bool) {
	s.of++
	if hit {
		s.hits++
	}
}

// tell prints recall by kind of value, then where it is not whole; and decoys that
// were taken for leaks.
func (g *garden) tell(out io.Writer, found map[string]map[string]bool) {
	byKind, byRule, bySetting, wrong := map[string]*score{}, map[string]*score{}, map[string]*score{}, map[string]*score{}
	at := func(m map[string]*score, key string) *score {
		if m[key] == nil {
			m[key] = &score{}
		}
		return m[key]
	}
	for _, p := range g.plants {
		switch {
		case p.rule == "":
			at(wrong, p.kind).count(len(found[p.file]) > 0)
		default:
			hit := found[p.file][p.rule]
			at(byKind, p.kind).count(hit)
			at(bySetting, p.setting+" / "+class(p)).count(hit)
			if p.rule != "generic-secret" {
				at(byRule, p.rule).count(hit)
			}
		}
	}
	fmt.Fprintf(out, "seeded leaks: %d in %d settings, of %d rules\n\nrecall by kind of value\n", len(g.plants), len(settings), len(byRule))
	list(out, byKind, true)
	fmt.Fprintln(out, "recall by setting, where it is not whole")
	list(out, bySetting, false)
	fmt.Fprintln(out, "recall by rule, where it is not whole")
	list(out, byRule, false)
	fmt.Fprintln(out, "decoys taken for leaks")
	list(out, wrong, true)
}

func class(p plant) string {
	if p.rule == "generic-secret" {
		return "generic"
	}
	return "token"
}

func list(out io.Writer, scores map[string]*score, whole bool) {
	keys := slices.SortedFunc(maps.Keys(scores), func(a, b string) int {
		x, y := scores[a], scores[b]
		return cmp.Or(cmp.Compare(x.hits*y.of, y.hits*x.of), cmp.Compare(a, b))
	})
	for _, k := range keys {
		if s := scores[k]; whole || s.hits < s.of {
			fmt.Fprintf(out, "  %6.3f  %6d of %6d  %s\n", float64(s.hits)/float64(s.of), s.hits, s.of, k)
		}
	}
	fmt.Fprintln(out)
}

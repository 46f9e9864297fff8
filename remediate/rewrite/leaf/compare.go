package leaf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// Equal says how after differs from before in more than what was touched; nil
// is "equal but for that leaf". It names paths, never values.
func Equal(before, after []Leaf, touched []change.Touch) error {
	old, gone := split(before, touched)
	now, came := split(after, touched)
	for i := range max(len(old), len(now)) {
		switch {
		case i >= len(old):
			return fmt.Errorf("%s would be new", now[i].Path.Show())
		case i >= len(now):
			return fmt.Errorf("%s would be lost", old[i].Path.Show())
		case old[i].Path.String() != now[i].Path.String():
			return fmt.Errorf("%s would become %s", old[i].Path.Show(), now[i].Path.Show())
		case old[i].Value != now[i].Value || old[i].Kind != now[i].Kind:
			return fmt.Errorf("%s would change", old[i].Path.Show())
		}
	}
	for _, t := range touched {
		if err := done(t, holdsOf(t.Path, touched), gone[t.Path], came[t.Path]); err != nil {
			return err
		}
	}
	return nil
}

// split takes the touched leaves out, by path.
func split(leaves []Leaf, touched []change.Touch) (rest []Leaf, taken map[string][]Leaf) {
	taken = map[string][]Leaf{}
	for _, l := range leaves {
		path := l.Path.String()
		by := map[string]bool{}
		for _, t := range touched {
			if path == t.Path || t.Prefix && strings.HasPrefix(path, t.Path+"\x1f") {
				by[t.Path] = true
			}
		}
		for path := range by {
			taken[path] = append(taken[path], l)
		}
		if len(by) == 0 {
			rest = append(rest, l)
		}
	}
	return rest, taken
}

// holdsOf is what the touches of one path hold: a key can be written twice.
func holdsOf(path string, touched []change.Touch) (holds []string) {
	for _, t := range touched {
		if t.Path == path {
			holds = append(holds, t.Holds)
		}
	}
	return holds
}

// done tells whether a touched leaf became what it should.
func done(t change.Touch, holds []string, before, after []Leaf) error {
	name := Path(strings.Split(t.Path, "\x1f")).Show()
	switch {
	case t.Gone && len(after) > 0:
		return fmt.Errorf("%s would still be there", name)
	case t.Gone || t.Prefix:
		return nil
	case len(after) == 0:
		return fmt.Errorf("%s would be lost", name)
	case t.Added && len(before) > 0:
		return fmt.Errorf("%s is there already", name)
	case len(after) != max(len(before), 1):
		return fmt.Errorf("%s would be there %d times", name, len(after))
	case t.Added && t.Holds != "" && after[0].Value != t.Holds:
		return fmt.Errorf("%s would not be the reference", name)
	case t.Added || t.Holds == "":
		return nil
	}
	changed := 0 // of several leaves of one path, as a key that is written twice, one is meant
	for i := range after {
		if after[i].Value == before[i].Value {
			continue
		}
		changed++
		one := func(text string) bool { return swapped(before[i].Value, after[i].Value, []string{text}) }
		if !slices.ContainsFunc(holds, one) && !swapped(before[i].Value, after[i].Value, holds) {
			return fmt.Errorf("%s would change in more than the value", name)
		}
	}
	if changed < min(len(holds), len(after)) {
		return fmt.Errorf("%s would not change", name)
	}
	return nil
}

// swapped tells whether now is old with as many pieces replaced as there are
// texts: what stands around the texts stands in old, in the same order.
func swapped(old, now string, texts []string) bool {
	left := slices.Clone(texts)
	first := true
	for len(left) > 0 {
		at, which := len(now), -1
		for i, text := range left {
			if found := strings.Index(now, text); found >= 0 && found < at {
				at, which = found, i
			}
		}
		if which < 0 {
			return false
		}
		found := strings.Index(old, now[:at])
		if found < 0 || first && found > 0 {
			return false
		}
		old, now = old[found+at:], now[at+len(left[which]):]
		left, first = slices.Delete(left, which, which+1), false
	}
	return strings.HasSuffix(old, now)
}

package rotate

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Settings say what is rotated and how: an entry of the user's own file. Commands and
// addresses come from here, never from an order.
type Settings struct {
	Name  string `yaml:"name"`
	Kind  string `yaml:"kind"`  // of the rotator: "postgres"
	Store string `yaml:"store"` // as --to names it
	Entry string `yaml:"entry"` // the secret's name in the store
	Form  Form   `yaml:"form"`  // how the credential stands in it
	// Entries are in the place of Entry where each part of the credential has an entry of
	// its own, which holds nothing else: {access_key_id: app-id, secret_access_key: app-key}.
	Entries map[string]string `yaml:"entries,omitempty"`

	// Exposure is who may have seen the old credential: "private" (the default) or
	// "public", which deactivates it first.
	Exposure Exposure `yaml:"exposure"`
	// Dwell is how long nobody may have been seen with the old credential before it is
	// deactivated; by default 24h, and 0 where it is public.
	Dwell *Duration `yaml:"dwell"`
	// Watch is how long the deactivated one is kept before it is deleted; by default 7d.
	Watch *Duration `yaml:"watch"`
	// Every is how often `rotate schedule` begins anew; 0 is never.
	Every Duration `yaml:"every"`
	// Retire makes nothing new: what used the credential has a role, or needs it no more.
	Retire bool `yaml:"retire"`
	// Unattended has `rotate schedule` say yes to what hurts, with nobody there.
	Unattended bool `yaml:"unattended"`
	// AcceptBlip says yes to a moment without a working credential.
	AcceptBlip bool `yaml:"accept_blip"`
	// VerifyFrom are commands that try a new credential where programs run: another
	// network, behind other rules than those between this machine and the provider.
	VerifyFrom []yaml.Node `yaml:"verify_from,omitempty"`
	// AcceptUnseen says yes to deleting the old credential although the new one was tried
	// from this machine only, and no program was seen with it.
	AcceptUnseen bool `yaml:"accept_unseen,omitempty"`

	Consumers []yaml.Node `yaml:"consumers"` // what is told, in order
	Scan      []string    `yaml:"scan"`      // folders and repositories that must not hold the old one at the end
	With      yaml.Node   `yaml:"with"`      // the rotator's own settings
}

// Exposure is who may have seen a credential.
type Exposure string

const (
	Private Exposure = "private"
	Public  Exposure = "public"
)

// The defaults of waiting.
const (
	defaultDwell = 24 * time.Hour
	defaultWatch = 7 * 24 * time.Hour
)

func (s Settings) dwell() time.Duration {
	switch {
	case s.Dwell != nil:
		return time.Duration(*s.Dwell)
	case s.Exposure == Public:
		return 0
	}
	return defaultDwell
}

func (s Settings) watch() time.Duration {
	if s.Watch != nil {
		return time.Duration(*s.Watch)
	}
	return defaultWatch
}

// Duration is a time.Duration that may be written in days: "30d".
type Duration time.Duration

var days = regexp.MustCompile(`^([0-9]{1,5})d$`)

// UnmarshalYAML reads "90s", "24h" or "30d".
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	text := n.Value
	if m := days.FindStringSubmatch(text); m != nil {
		text = ""
		var count int
		fmt.Sscan(m[1], &count)
		*d = Duration(time.Duration(count) * 24 * time.Hour)
		return nil
	}
	v, err := time.ParseDuration(text)
	if err != nil || v < 0 {
		return fmt.Errorf("line %d: %q is no time: write 90s, 24h or 30d", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// file is what a file of settings holds.
type file struct {
	Rotations []Settings `yaml:"rotations"`
}

// maxSettings is more than ten thousand entries have.
const maxSettings = 16 << 20

// ReadSettings reads a file of settings strictly.
func ReadSettings(r io.Reader) ([]Settings, error) {
	var f file
	dec := yaml.NewDecoder(io.LimitReader(r, maxSettings))
	dec.KnownFields(true)
	if err := dec.Decode(&f); errors.Is(err, io.EOF) {
		return nil, errors.New("read the rotations: the file is empty; docs/rotate.md shows one")
	} else if err != nil {
		return nil, fmt.Errorf("read the rotations: %w", err)
	}
	seen := map[string]bool{}
	for i, s := range f.Rotations {
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("read the rotations: entry %d (%s): %w", i+1, s.Name, err)
		}
		if seen[s.Name] {
			return nil, fmt.Errorf("read the rotations: two entries have the name %q", s.Name)
		}
		seen[s.Name] = true
		if f.Rotations[i].Exposure == "" {
			f.Rotations[i].Exposure = Private
		}
	}
	return f.Rotations, nil
}

var nameShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

func (s Settings) check() error {
	var missing []string
	for key, value := range map[string]string{"name": s.Name, "kind": s.Kind, "store": s.Store, "entry": s.Entry} {
		if value == "" && (key != "entry" || s.Entries == nil) {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	switch {
	case missing != nil:
		return fmt.Errorf("it lacks %s", strings.Join(missing, ", "))
	case !nameShape.MatchString(s.Name):
		return errors.New("a name has 1 to 63 of a-z, 0-9, '.', '_' and '-'")
	case s.Exposure != "" && s.Exposure != Private && s.Exposure != Public:
		return fmt.Errorf("exposure is private or public, not %q", s.Exposure)
	}
	return s.checkEntries()
}

// checkEntries refuses several entries that are not each a part's own.
func (s Settings) checkEntries() error {
	if s.Entries == nil {
		return nil
	}
	names := slices.Sorted(maps.Values(s.Entries))
	switch {
	case s.Entry != "":
		return errors.New("it has both `entry` and `entries`: the credential is in one, or each part of it has its own")
	case s.Form.Fields != nil || s.Form.URL != "" || s.Form.Fixed != nil:
		return errors.New("it has both `form` and `entries`: each entry holds a part of the credential, and nothing else")
	case len(names) < 2 || names[0] == "" || len(slices.Compact(slices.Clone(names))) < len(names):
		return errors.New("`entries` are two or more, each another one: {access_key_id: NAME, secret_access_key: OTHER}")
	}
	return nil
}

// text is the entry as it would be written again: what an order is bound to.
func (s Settings) text() ([]byte, error) { return yaml.Marshal(s) }

// One is the entry of a name.
func One(all []Settings, name string) (Settings, error) {
	i := slices.IndexFunc(all, func(s Settings) bool { return s.Name == name })
	if i < 0 {
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		return Settings{}, fmt.Errorf("no rotation has the name %q: there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}

// Own reads the rotator's own settings, those under `with`, strictly.
func (s Settings) Own(into any) error {
	if err := decode(&s.With, into); err != nil {
		return s.Wrong(err)
	}
	return nil
}

// Wrong is the error of own settings that the rotator can do nothing with.
func (s Settings) Wrong(err error) error {
	return fmt.Errorf("the settings of %s, under `with`: %w", s.Name, err)
}

func decode(n *yaml.Node, into any) error {
	if n.IsZero() {
		return nil
	}
	text, err := yaml.Marshal(n)
	if err != nil {
		return err
	}
	dec := yaml.NewDecoder(strings.NewReader(string(text)))
	dec.KnownFields(true)
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("near line %d: %w", n.Line, err)
	}
	return nil
}

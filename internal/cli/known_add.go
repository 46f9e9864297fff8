package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/known"
)

// knownSource says where values come from.
type knownSource struct {
	from      string
	files     []string // named beside it
	name      string
	only      []string
	whole     bool
	allowWeak bool
}

func (a *app) knownAddCommand(file *string) *cobra.Command {
	s := &knownSource{}
	c := &cobra.Command{
		Use:   "add --from .env|FILE|stdin|env|hashes:FILE [FILE...]",
		Short: "Add the values of a dotenv file, a file, stdin or the environment",
		Long: `Adds values to the index, under names that say where they came from.

  --from .env         a dotenv file (any *.env, .env.*, .envrc): variables whose name
                      says that they are secret, or whose value looks random
  --from FILE         a value a line; with --whole all of the file is one value
  --from stdin        the same, from standard input
  --from env          variables of the environment whose name says that they are secret
  --from hashes:FILE  hashes that were made with the same key: ` + "`oakum known export`" + `

Of a URL the password is taken. A value of less than 8 bytes, or of less than about
50 bits of strength, is refused: it stands in places where it is no secret, and who
gets hold of index and key guesses it.`,
		RunE: func(c *cobra.Command, args []string) error {
			if s.from == "" {
				return usageError(c, errors.New("--from: say where the values are"))
			}
			s.files = args
			return a.addKnown(*file, s)
		},
	}
	p := c.Flags()
	p.StringVar(&s.from, "from", "", "`SOURCE` of the values: .env, FILE, stdin, env, hashes:FILE")
	p.StringVar(&s.name, "name", "", "call the source `NAME` and not by its file's name")
	p.StringArrayVar(&s.only, "only", nil, "of variables, only those whose name matches `PATTERN` (DB_*); may be repeated")
	p.BoolVar(&s.whole, "whole", false, "all of a file, or of stdin, is one value")
	p.BoolVar(&s.allowWeak, "allow-weak", false, "take values that are easily guessed, too")
	return c
}

func (a *app) addKnown(named string, s *knownSource) error {
	place, keyFile, err := a.knownPlace(named)
	if err != nil {
		return err
	}
	x, err := a.openOrMakeKnown(place, keyFile)
	if err != nil {
		return err
	}
	if file, ok := strings.CutPrefix(s.from, "hashes:"); ok {
		return a.addHashes(x, place, keyFile, file)
	}
	g, err := a.gather(s)
	if err != nil {
		return err
	}
	added, refused, err := x.Add(g.List, s.allowWeak)
	if err != nil {
		return err
	}
	for _, why := range refused {
		a.say("refused: %s", why)
	}
	if len(g.Left) > 0 {
		a.say("left out, no secret by name or value: %s (--only NAME takes one)", some(g.Left))
	}
	if len(g.List) == len(refused) {
		return errors.New("there is nothing to add")
	}
	return a.keepKnown(x, place, added, len(g.List)-len(refused))
}

// openOrMakeKnown opens the index, or an empty one with a new key.
func (a *app) openOrMakeKnown(place, keyFile string) (*known.Index, error) {
	_, err := os.Stat(place)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := a.knownKey(keyFile)
		if errors.Is(err, fs.ErrNotExist) {
			key, err = known.MakeKey(keyFile)
		}
		if err != nil {
			return nil, err
		}
		return known.New(key), nil
	}
	key, err := a.knownKey(keyFile) // a new one would not open the index
	if err != nil {
		return nil, fmt.Errorf("%w\nthe index %s opens with the key it was made with alone: %s names its file", err, place, knownKeyVariable)
	}
	return known.Open(place, key)
}

func (a *app) keepKnown(x *known.Index, place string, added, seen int) error {
	if err := writeKnown(place, x); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.Out, "added %d values, %d were known; %d in %s\nscans look for them now; `oakum known list` shows their names\n",
		added, seen-added, x.Len(), place)
	return err
}

func (a *app) addHashes(x *known.Index, place, keyFile, file string) error {
	key, err := a.knownKey(keyFile)
	if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("read hashes: %w", err)
	}
	defer f.Close()
	more, err := known.ReadHashes(f, key)
	if err != nil {
		return err
	}
	added, err := x.Join(more)
	if err != nil {
		return err
	}
	return a.keepKnown(x, place, added, more.Len())
}

// some are names as a sentence has them.
func some(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// gather reads the values of a source.
func (a *app) gather(s *knownSource) (g known.Gathered, err error) {
	files := s.files
	switch {
	case s.from == "env":
		return a.gatherEnvironment(s)
	case s.from == "stdin" || s.from == "-":
		return gatherFrom(a.In, s, "stdin", false)
	case (s.from == "file" || s.from == "dotenv" || s.from == ".env") && len(files) > 0:
	default:
		files = append([]string{s.from}, files...)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return g, fmt.Errorf("--from: %w", err)
		}
		dotenv := s.from == "dotenv" || s.from == ".env" || s.from != "file" && isDotenv(name)
		one, err := gatherFrom(f, s, filepath.ToSlash(filepath.Clean(name)), dotenv && !s.whole)
		f.Close()
		if err != nil {
			return g, fmt.Errorf("%s: %w", name, err)
		}
		g.List, g.Left = append(g.List, one.List...), append(g.Left, one.Left...)
	}
	return g, nil
}

// isDotenv tells by its name what is in a file.
func isDotenv(name string) bool {
	base := filepath.Base(name)
	return slices.ContainsFunc([]string{".env", ".env.*", "*.env", ".envrc"}, func(pattern string) bool {
		ok, _ := path.Match(pattern, base) // the patterns are right
		return ok
	})
}

// maxKnownSource is more than a file of values has.
const maxKnownSource = 64 << 20

// gatherFrom reads one file; its bytes are wiped.
func gatherFrom(r io.Reader, s *knownSource, label string, dotenv bool) (known.Gathered, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKnownSource+1))
	defer clear(text)
	switch {
	case err != nil:
		return known.Gathered{}, err
	case len(text) > maxKnownSource:
		return known.Gathered{}, fmt.Errorf("more than %d bytes", maxKnownSource)
	}
	if s.name != "" {
		label = s.name
	}
	switch {
	case s.whole:
		return known.FromWhole(label, text), nil
	case dotenv:
		vars, err := known.Dotenv(text)
		if err != nil {
			return known.Gathered{}, err
		}
		return known.FromVariables(label, vars, s.only, true)
	}
	return known.FromLines(label, text), nil
}

func (a *app) gatherEnvironment(s *knownSource) (g known.Gathered, err error) {
	var vars []known.Variable
	for name, value := range a.env {
		vars = append(vars, known.Variable{Name: name, Value: []byte(value)})
	}
	slices.SortFunc(vars, func(a, b known.Variable) int { return strings.Compare(a.Name, b.Name) })
	label := "env"
	if s.name != "" {
		label = s.name
	}
	g, err = known.FromVariables(label, vars, s.only, false)
	g.Left = nil // hardly any of an environment is secret
	return g, err
}

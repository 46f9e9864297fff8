package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/known"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner"
)

// knownFlags say which index of known secrets a scan takes.
type knownFlags struct {
	file string
	none bool
}

func (f *knownFlags) register(p *pflag.FlagSet) {
	p.StringVar(&f.file, "known", "", "find the values of this index `FILE` too (default: the one that `oakum known add` made, if there is one)")
	p.BoolVar(&f.none, "no-known", false, "look for no known secrets")
}

// useKnown reads the index of known secrets. One that is there and does not open is an
// error: a scan that goes on without it would say that nothing is wrong.
func (a *app) useKnown(c *configuration, f knownFlags) error {
	if f.none {
		if f.file != "" {
			return errors.New("--known and --no-known contradict each other")
		}
		return nil
	}
	place, keyFile, err := a.knownPlace(f.file)
	if err != nil {
		if f.file != "" {
			return err
		}
		return nil // without a state folder there is no index in it
	}
	if _, err := os.Stat(place); f.file == "" && err != nil { // another user's folder is none of ours
		return nil
	} else if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--known: %w", err)
	}
	key, err := a.knownKey(keyFile)
	if err != nil {
		return fmt.Errorf("%w\n%s needs the key it was made with: %s names its file; --no-known scans without", err, place, knownKeyVariable)
	}
	x, err := known.Open(place, key)
	if err != nil {
		return err
	}
	hear(c.ruleWords, "known secrets", x.Seal())
	c.known, c.knownFrom, c.knownValues = x, place, x.Len()
	return nil
}

// tellKnown says which index is used.
func (c *configuration) tellKnown(log *slog.Logger) {
	if c.known != nil {
		log.Debug("known secrets", "values", c.knownValues, "index", c.knownFrom)
	}
}

// knownAs is how findings of a rule are known to be ones.
func knownAs(r report.Rule) string {
	if r.ID == scanner.KnownRule {
		return "its keyed hash is in your index of known secrets"
	}
	return proofWords(r.Proof)
}

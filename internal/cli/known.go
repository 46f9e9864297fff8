package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/known"
	"github.com/oakum-sec/oakum/internal/report"
)

func (a *app) knownCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "known",
		Short: "Name your own secrets, so that scans find those very values anywhere",
		Long: `Keeps an index of keyed hashes of values that you name: those in your .env, in a
file, in your environment. Every scan and hook of yours then finds these values,
raw, in base64, hex, percent encoding or behind backslashes.

The index holds no value. It is sealed with a key that lies apart from it: in your
state folder, or in the file that OAKUM_KNOWN_KEY_FILE names. docs/known.md says
what somebody could do who has both.`,
	}
	c.PersistentFlags().StringVar(&file, "known", "", "the index `FILE` (default: the one in your state folder)")
	c.AddCommand(a.knownAddCommand(&file), a.knownListCommand(&file), a.knownRemoveCommand(&file), a.knownExportCommand(&file))
	return c
}

func (a *app) knownListCommand(file *string) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the names that values were added under; never a value",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format: unknown format %q: use text or json", format)
			}
			x, _, err := a.openKnown(*file)
			if err != nil {
				return err
			}
			return a.listKnown(x.Entries(), format)
		},
	}
	c.Flags().StringVarP(&format, "format", "f", "text", "`FORMAT`: text, json")
	return c
}

// knownName is what list shows of a name, and all that is shown of its values.
type knownName struct {
	Name     string   `json:"name"`
	Values   int      `json:"values"`
	Strength string   `json:"strength"` // of the weakest
	Found    string   `json:"found"`    // "anywhere" or "as a word": of the shortest
	Forms    []string `json:"forms"`
}

// knownForms are the forms in which every value is found.
var knownForms = []string{"raw", "base64", "hex", "percent", "escape", "shell-quote"}

func (a *app) listKnown(entries []known.Entry, format string) error {
	list := make([]knownName, len(entries))
	for i, e := range entries {
		list[i] = knownName{e.Name, e.Values, known.Class(e.Bits[0]), "anywhere", knownForms}
		if known.Short(e.Bytes[0]) {
			list[i].Found = "as a word"
		}
	}
	if format == "json" {
		enc := json.NewEncoder(a.Out)
		enc.SetIndent("", "  ")
		return enc.Encode(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.Out, "nothing is known yet: `oakum known add --from .env` adds what a file holds")
		return err
	}
	t := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tVALUES\tSTRENGTH\tFOUND\tFORMS")
	for _, n := range list {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\n", report.Escape(n.Name), n.Values, n.Strength, n.Found, strings.Join(n.Forms, ", "))
	}
	return t.Flush()
}

func (a *app) knownRemoveCommand(file *string) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "remove NAME... | --all",
		Short: "Forget the values of a name (\".env: TOKEN\"), or of all names of a source (\".env\")",
		RunE: func(c *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usageError(c, errors.New("name what to remove, or say --all"))
			}
			x, place, err := a.openKnown(*file)
			if err != nil {
				return err
			}
			removed := 0
			for _, e := range x.Entries() {
				source, _, _ := strings.Cut(e.Name, ": ")
				if all || slices.Contains(args, e.Name) || slices.Contains(args, source) {
					removed += x.Remove(e.Name)
				}
			}
			if removed == 0 {
				return errors.New("there is nothing of that name: `oakum known list` shows the names")
			}
			if err := writeKnown(place, x); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Out, "removed %d values, %d are left\n", removed, x.Len())
			return err
		},
	}
	c.Flags().BoolVar(&all, "all", false, "forget everything")
	return c
}

func (a *app) knownExportCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use:   "export",
		Short: "Write the hashes as JSON lines, for `known add --from hashes:FILE` with the same key",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			x, _, err := a.openKnown(*file)
			if err != nil {
				return err
			}
			return x.WriteHashes(a.Out)
		},
	}
}

// knownKeyVariable names the file of the key, where that is not in the state folder.
const knownKeyVariable = "OAKUM_KNOWN_KEY_FILE"

// knownPlace says where the index and its key are: named, or in the state folder.
func (a *app) knownPlace(named string) (index, key string, err error) {
	index, key = named, a.env[knownKeyVariable]
	if index != "" && key != "" {
		return index, key, nil
	}
	dir, err := a.stateDir()
	if err != nil {
		return "", "", err
	}
	if index == "" {
		index = filepath.Join(dir, "known.index")
	}
	if key == "" {
		key = filepath.Join(dir, "known.key")
	}
	return index, key, nil
}

// knownKey reads the key. One in a place of its own may be a mounted secret, which
// others can read as far as its mode tells.
func (a *app) knownKey(file string) (*known.Key, error) {
	if a.env[knownKeyVariable] != "" {
		return known.ReadMountedKey(file)
	}
	return known.ReadKey(file)
}

// openKnown opens an index that has to be there.
func (a *app) openKnown(named string) (x *known.Index, place string, err error) {
	place, keyFile, err := a.knownPlace(named)
	if err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("nothing is known yet: there is no %s; `oakum known add --from .env` makes it", place)
	}
	key, err := a.knownKey(keyFile)
	if err != nil {
		return nil, "", fmt.Errorf("%w\nthe index %s opens with the key it was made with alone: %s names its file", err, place, knownKeyVariable)
	}
	x, err = known.Open(place, key)
	return x, place, err
}

func writeKnown(place string, x *known.Index) error {
	content, err := x.Marshal()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(place), 0o700)
	}
	if err == nil {
		err = writeWhole(place, content, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write known secrets: %w", err)
	}
	return nil
}

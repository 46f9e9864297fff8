package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/allow"
	"github.com/oakum-sec/oakum/internal/trust"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

func (a *app) allowCommand() *cobra.Command {
	var file string
	c := &cobra.Command{Use: "allow", Short: "Let findings pass, with a reason: .oakum-allow"}
	c.PersistentFlags().StringVar(&file, "file", "", "the allow `FILE` (default: .oakum-allow in the repository's root, or here)")
	c.AddCommand(a.allowAddCommand(&file), a.allowImportCommand(&file), a.allowPruneCommand(&file))
	return c
}

func (a *app) allowAddCommand(file *string) *cobra.Command {
	var reason, expires, owner, place string
	c := &cobra.Command{
		Use:   "add FINGERPRINT --reason TEXT",
		Short: "Let one finding pass; its fingerprint is the id in the report",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			e := allow.Entry{Fingerprint: args[0], Place: place, Owner: owner, Reason: reason}
			if err := allow.CheckFingerprint(e.Fingerprint); err != nil {
				return err
			}
			if reason == "" {
				return errors.New("--reason: say why it may pass, for whoever reads the file next year")
			}
			if expires != "" {
				day, err := allow.ParseDay(expires)
				if err != nil {
					return fmt.Errorf("--expires: %w", err)
				}
				e.Expires = day
			}
			if e.Place == "" {
				e.Place = a.placeNow(c.Context(), e.Fingerprint)
			}
			return a.editAllow(allowFile(*file), true, func(f *allow.File) error { f.Add(e); return nil })
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why it may pass")
	c.Flags().StringVar(&expires, "expires", "", "the last `DAY` of it, as 2027-01-31, in UTC")
	c.Flags().StringVar(&owner, "owner", "", "who answers for it")
	c.Flags().StringVar(&place, "place", "", "the `PATH` where it stands, so that the entry follows the file (default: looked for in the working tree)")
	return c
}

// placeNow is the path under which a finding stands in the working tree, "" where
// it does not, or where its id has no use for it.
func (a *app) placeNow(ctx context.Context, id string) (place string) {
	if strings.HasPrefix(id, "v1.") {
		return ""
	}
	t, err := dirTarget([]string{rootOf(".")})
	if err != nil {
		return ""
	}
	config, err := a.configureFor(t, &scanFlags{}, time.Now())
	if err != nil {
		return ""
	}
	config.lists, config.allowed = nil, nil
	// What this does not find costs the entry its path and nothing else.
	_, _ = a.run(ctx, job{target: t, config: config, skip: func(f *leak.Finding) bool {
		if f.ID == id {
			place = f.Place.Path()
		}
		return true
	}})
	return place
}

func (a *app) allowPruneCommand(file *string) *cobra.Command {
	return &cobra.Command{
		Use:   "prune [PATH]",
		Short: "Scan PATH and take out the entries that expired or match nothing any more",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.editAllow(allowFile(*file), false, func(f *allow.File) error { return a.prune(c.Context(), f, args) })
		},
	}
}

// allowFile is the file that a scan of the repository around us looks for,
// where the user named no other.
func allowFile(named string) string {
	if named != "" {
		return named
	}
	return filepath.Join(rootOf("."), allow.FileName)
}

// editAllow reads an allow file, changes it and writes it back. Where the file
// is new or was trusted before, the user who just typed the change trusts it
// still; where it was not, what else stands in it stays unread.
func (a *app) editAllow(file string, mayBeNew bool, change func(*allow.File) error) error {
	old, err := os.ReadFile(file)
	isNew := errors.Is(err, fs.ErrNotExist)
	if err != nil && !(isNew && mayBeNew) {
		return fmt.Errorf("read allow file: %w", err)
	}
	f := allow.NewFile(file)
	if !isNew {
		if f, err = allow.ParseFile(file, old, time.Now()); err != nil {
			return err
		}
	}
	if err := change(f); err != nil {
		return err
	}
	if err := writeWhole(file, f.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write allow file: %w", err)
	}
	if isNew {
		a.hintMerge(file)
	}
	return a.keepTrust(file, isNew, old, f.Bytes())
}

// hintMerge says, where a repository gets its first allow file, how git merges
// two branches that add entries beside each other: lines have no order to keep.
func (a *app) hintMerge(file string) {
	dir := filepath.Dir(file)
	if _, inside := gitsource.Find(dir); !inside || filepath.Base(file) != allow.FileName {
		return
	}
	attributes, err := os.ReadFile(filepath.Join(dir, ".gitattributes"))
	if err == nil && strings.Contains(string(attributes), allow.FileName) {
		return
	}
	a.say("two branches may add entries: have git merge them with\necho '%s merge=union' >> %s", allow.FileName, filepath.ToSlash(filepath.Join(dir, ".gitattributes")))
}

func (a *app) keepTrust(file string, isNew bool, old, changed []byte) error {
	if filepath.Base(file) != allow.FileName {
		return nil // not one that a scan looks for by itself
	}
	dir := filepath.Dir(file)
	if !isNew {
		was, err := a.trusts(dir, allow.FileName, old)
		if err != nil {
			return err
		}
		if !was {
			a.say("%s counts only when it is trusted\nsettle it with: oakum trust %s", file, dir)
			return nil
		}
	}
	return a.record(dir, func(files map[string]string) { files[allow.FileName] = trust.Hash(changed) })
}

// prune scans, to learn which entries are used. A scan that did not see
// everything can't tell, and changes nothing.
func (a *app) prune(ctx context.Context, f *allow.File, paths []string) error {
	t, err := pathTarget([]string{rootOf(orHere(paths)[0])}, gitOptions{})
	if err != nil {
		return err
	}
	if !t.whole {
		return errors.New("an entry can be in use elsewhere: give prune all of what the allow file is for")
	}
	config, err := a.configureFor(t, &scanFlags{}, time.Now())
	if err != nil {
		return err
	}
	config.lists, config.allowed = []allow.List{f}, nil
	doc, err := a.run(ctx, job{target: t, config: config})
	if err != nil {
		return err
	}
	if !doc.Result.Complete {
		return &exitError{exitIncomplete, errors.New("not all was looked at, so an entry that seems unused may be in use: nothing was changed; `oakum scan` lists what is in the way")}
	}
	had := len(f.Entries)
	_, err = fmt.Fprintf(a.Out, "took out %d of %d entries\n", f.Prune(), had)
	return err
}

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/trust"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/scanner/gitsource"
)

func (a *app) trustCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "trust [PATH]",
		Short: "Let a repository's or folder's own oakum files count, as they are now",
		Long: `A target's own .oakum.toml, .gitleaks.toml, .oakum-allow and .gitleaksignore can tell
oakum to look away, and so can comments beside proven values. They count after you
read them and typed this, until one of the files changes; what is trusted is recorded
in your state folder, not in the target.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.trust(rootOf(orHere(args)[0])) },
	}
	c.AddCommand(
		&cobra.Command{Use: "list", Short: "List what is trusted", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error { return a.listTrust() }},
		&cobra.Command{Use: "forget [PATH]", Short: "Trust a target no longer", Args: cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error { return a.forgetTrust(rootOf(orHere(args)[0])) }},
	)
	return c
}

// rootOf is where a scan of path looks for the target's own files: the root of
// the repository around it, or itself.
func rootOf(path string) string {
	if top, ok := gitsource.Find(path); ok {
		return fromHere(top)
	}
	return path
}

func (a *app) trust(path string) error {
	own := ownFiles(path)
	hashes := map[string]string{}
	for _, name := range ownNames() {
		content, err := own(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		hashes[name] = trust.Hash(content)
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return fmt.Errorf("there is nothing to trust in %s: it is no folder", path)
	}
	names := append(slices.Sorted(maps.Keys(hashes)), "comments beside values")
	if err := a.record(path, func(files map[string]string) { clear(files); maps.Copy(files, hashes) }); err != nil {
		return err
	}
	_, err := fmt.Fprintf(a.Out, "trusted in %s: %s\n", path, strings.Join(names, ", "))
	return err
}

// record changes what is recorded of the target at path.
func (a *app) record(path string, change func(files map[string]string)) error {
	store, err := a.trustStore()
	if err != nil {
		return err
	}
	target, err := trust.Target(path)
	if err != nil {
		return err
	}
	r, err := store.Get(target)
	if err != nil {
		return err
	}
	if r.Files == nil {
		r.Files = map[string]string{}
	}
	change(r.Files)
	return store.Put(r)
}

// trusts tells whether the target's own file counts as it is.
func (a *app) trusts(path, name string, content []byte) (bool, error) {
	store, err := a.trustStore()
	if err != nil {
		return false, nil // without a state folder nothing is trusted
	}
	target, err := trust.Target(path)
	if err != nil {
		return false, err
	}
	r, err := store.Get(target)
	return r.Covers(name, content), err
}

// judging is what the policy is told of a scan of t: whether it is a gate, and
// whether its comments may be a stranger's.
func (a *app) judging(t target, c policy.Context) policy.Context {
	c.Event = policy.Scan
	if t.info.Kind == "k8s" { // objects are judged as a cluster's admission judges them
		c.Event = policy.Audit
	}
	if t.about != nil {
		known := *t.about
		known.Settings.DenyGeneric, known.Settings.RequireComplete = c.Settings.DenyGeneric, c.Settings.RequireComplete
		return known
	}
	if t.gate {
		c.Event = policy.Gate
	} else {
		c.Settings.Trusted = a.trustsComments(t)
	}
	return c
}

// trustsComments tells whether somebody has trusted the target, or where it is
// nothing that can be, the folder around us; and none of its files has changed
// since, for then it may be another's by now.
func (a *app) trustsComments(t target) bool {
	root := t.root
	if root == "" {
		root = rootOf(".")
	}
	store, err := a.trustStore()
	if err != nil {
		return false
	}
	path, err := trust.Target(root)
	if err != nil {
		return false
	}
	r, err := store.Get(path)
	if err != nil || r.Files == nil {
		return false
	}
	own := ownFiles(root)
	for _, name := range ownNames() {
		content, err := own(name)
		if !errors.Is(err, fs.ErrNotExist) && (err != nil || !r.Covers(name, content)) {
			return false
		}
	}
	return true
}

func (a *app) listTrust() error {
	store, err := a.trustStore()
	if err != nil {
		return err
	}
	records, err := store.List()
	if err != nil {
		return err
	}
	for _, r := range records {
		if _, err := fmt.Fprintf(a.Out, "%s: %s\n", r.Target, cmp.Or(strings.Join(slices.Sorted(maps.Keys(r.Files)), ", "), "comments beside values")); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) forgetTrust(path string) error {
	store, err := a.trustStore()
	if err != nil {
		return err
	}
	target, err := trust.Target(path)
	if err != nil {
		target = path // it is gone from the disk: the name that list shows still forgets it
	}
	was, err := store.Forget(target)
	if err == nil && !was {
		err = fmt.Errorf("%s was not trusted: `oakum trust list` shows what is", path)
	}
	return err
}

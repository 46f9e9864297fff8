package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/locate"
	"github.com/oakum-sec/oakum/remediate/signed"
)

// planFlags are what a user says about a plan.
type planFlags struct {
	findings, mapFile, writeMap, out string
	patch                            string
	inPlace, all, interactive        bool
	ids                              []string
	wish                             remediate.Wish
	scan                             *cli.Scan
}

func planCommand(kit cli.Kit) *cobra.Command {
	f := &planFlags{}
	c := &cobra.Command{
		Use:   "plan [DIR...]",
		Short: "Work out what moves the found credentials into a store; change nothing",
		Long: `Finds credentials in repositories or folders (all that the policy denies, unless --id
or --all says otherwise), or takes those of a report, opens their files again, and
works out which value goes where, which files change, and how each step is taken back.

The plan is a file to read and to hand to apply. It holds no value. In a repository the
change will be a commit on a branch of its own; --in-place changes the files themselves,
--patch writes a patch.

--to names the store: age:FILE (the default: secrets.age in each DIR, which needs
nothing but oakum), awssecrets:, awsparams:, vaultkv://MOUNT, azurekeyvault://VAULT,
gcpsecrets://PROJECT.`,
		RunE: func(c *cobra.Command, args []string) error { return f.run(c.Context(), kit, args) },
	}
	p := c.Flags()
	p.StringVar(&f.findings, "findings", "", "take the findings of a json report `FILE` in the place of a scan of one DIR")
	p.StringArrayVar(&f.ids, "id", nil, "only the finding with this `ID`; may be given several times")
	p.BoolVar(&f.all, "all", false, "findings that the policy does not deny too")
	p.StringVar(&f.wish.To, "to", "", "the `STORE` to move to")
	p.StringVar(&f.wish.Prefix, "store-prefix", "", "begin names in the store with `NAME` (default: the folder's name)")
	p.StringVar(&f.mapFile, "map", "", "what goes where, from `FILE`; --write-map makes one to change")
	p.StringVar(&f.writeMap, "write-map", "", "write what goes where to `FILE`")
	p.BoolVarP(&f.interactive, "interactive", "i", false, "choose on the terminal what goes where")
	p.BoolVar(&f.inPlace, "in-place", false, "change the files themselves")
	p.StringVar(&f.patch, "patch", "", "write a patch to `FILE` in the place of a branch")
	p.StringVar(&f.wish.Branch, "branch", "", "the branch's `NAME` (default: oakum/ and the plan's id)")
	f.way(p)
	p.StringVarP(&f.out, "out", "o", "oakum-plan.json", "the plan's `FILE`")
	c.MarkFlagsMutuallyExclusive("in-place", "patch", "branch")
	f.scan = kit.Find(c)
	return c
}

// way are the flags for formats that say in several ways where a secret is.
func (f *planFlags) way(p *pflag.FlagSet) {
	w := &f.wish.Way
	p.StringVar(&w.Kubernetes.Via, "k8s", "", "how a workload's Secret comes to be: `WAY` is "+strings.Join(remediate.Ways(), ", "))
	p.StringVar(&w.Kubernetes.Store, "k8s-store", "", "the `NAME` of the operator's own object for the store: a ClusterSecretStore, a VaultAuth (default: oakum)")
	p.StringVar(&w.Kubernetes.Role, "k8s-role", "", "the `NAME` of Vault's role, for vault-agent and for Vault by secret-provider-class (default: oakum)")
	p.StringVar(&w.OIDC.Role, "oidc-role", "", "the `ARN` of a role that GitHub's workflows take in the place of a key of AWS")
	p.StringVar(&w.OIDC.Region, "oidc-region", "", "the `REGION` for that, in workflows that name none")
	p.BoolVar(&w.GitLab.Vault, "gitlab-vault", false, "have GitLab's jobs fetch from Vault by themselves (secrets: vault:, of GitLab Premium), where that is the store")
	p.BoolVar(&w.Tests, "tests", false, "rewrite test code and test data too, which else are left alone")
}

func (f *planFlags) run(ctx context.Context, kit cli.Kit, dirs []string) error {
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	if f.interactive && !kit.Terminal() {
		return errors.New("--interactive needs a terminal that can be drawn on; --write-map FILE and --map FILE do the same in a script")
	}
	if err := f.read(); err != nil {
		return err
	}
	t, err := tools(kit, f.scan)
	if err != nil {
		return err
	}
	var found []remediate.Found
	for _, dir := range dirs {
		one, err := f.find(ctx, kit, dir)
		if err != nil {
			return err
		}
		found = append(found, one)
	}
	p, err := t.Plan(ctx, found, f.wish)
	if err == nil && f.interactive && len(p.Secrets) > 0 {
		var word remediate.Map
		if word, err = choose(ctx, kit, p); err == nil {
			f.wish.Map = append(word, f.wish.Map...)
			p, err = t.Plan(ctx, found, f.wish)
		}
	}
	if err != nil {
		return err
	}
	return f.deliver(kit, p)
}

// read checks the flags and reads the map.
func (f *planFlags) read() (err error) {
	if err := f.wish.Way.Check(); err != nil {
		return err
	}
	switch {
	case f.inPlace:
		f.wish.Mode = remediate.InPlace
	case f.patch != "":
		f.wish.Mode = remediate.Patch
		if f.wish.Patch, err = filepath.Abs(f.patch); err != nil {
			return err
		}
	}
	if f.mapFile == "" {
		return nil
	}
	file, err := os.Open(f.mapFile)
	if err != nil {
		return fmt.Errorf("--map: %w", err)
	}
	defer file.Close()
	f.wish.Map, err = remediate.ReadMap(file)
	return err
}

// find finds what is to leave a folder.
func (f *planFlags) find(ctx context.Context, kit cli.Kit, dir string) (remediate.Found, error) {
	abs, err := rootOf(dir)
	if err != nil {
		return remediate.Found{}, err
	}
	doc, err := f.document(ctx, dir)
	if err != nil {
		return remediate.Found{}, err
	}
	findings := slices.DeleteFunc(slices.Clone(doc.Findings), func(one *leak.Finding) bool { return !f.wants(one) })
	for _, g := range doc.Gaps {
		if g.Class == leak.Failure {
			kit.Say("not looked at: %v", g)
		}
	}
	values, gaps, err := locate.Values(ctx, abs, findings)
	for _, g := range gaps {
		if g.Class == leak.Failure {
			kit.Say("not searched: %v", g)
		}
	}
	return remediate.Found{Dir: abs, Values: values, Rotate: func(rule string) string { return doc.Rule(rule).Rotate }}, err
}

func (f *planFlags) wants(one *leak.Finding) bool {
	if len(f.ids) > 0 {
		return slices.Contains(f.ids, one.ID)
	}
	denied := one.Decision != nil && one.Decision.Verdict == leak.Deny
	return denied || f.all && one.Suppressed == nil
}

// document scans a folder. The findings of a report are looked for again in their
// files: what is not there any more is stale, and the plan is refused.
func (f *planFlags) document(ctx context.Context, dir string) (*report.Document, error) {
	if f.findings == "" {
		return f.scan.Path(ctx, dir)
	}
	file, err := os.Open(f.findings)
	if err != nil {
		return nil, fmt.Errorf("--findings: %w", err)
	}
	defer file.Close()
	told, err := report.Read(file)
	if err != nil {
		return nil, err
	}
	wanted := slices.DeleteFunc(slices.Clone(told.Findings), func(one *leak.Finding) bool { return !f.wants(one) })
	names := locate.Files(wanted)
	inFiles := slices.DeleteFunc(slices.Clone(wanted), func(one *leak.Finding) bool {
		return len(locate.Files([]*leak.Finding{one})) == 0
	})
	fresh, err := f.scan.Files(ctx, dir, names)
	if err != nil {
		return nil, err
	}
	for _, s := range locate.Stale(inFiles, fresh.Findings) {
		return nil, fmt.Errorf("the report is older than the files: %s (%s) is not in %s any more; scan again", s.ID, s.Rule, s.Place)
	}
	ids := map[string]bool{}
	for _, one := range wanted {
		ids[one.ID] = true
	}
	fresh.Findings = slices.DeleteFunc(fresh.Findings, func(one *leak.Finding) bool { return !ids[one.ID] })
	for _, one := range wanted { // in history, images, variables: the plan says what is to be done about them
		if len(locate.Files([]*leak.Finding{one})) == 0 {
			fresh.Findings = append(fresh.Findings, one)
		}
	}
	return fresh, nil
}

// rootOf is a folder, absolute. Within a repository it must be its root, from which
// the places of findings are named.
func rootOf(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err == nil {
		abs, err = filepath.EvalSymlinks(abs)
	}
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(abs); err != nil || !info.IsDir() {
		return "", errors.Join(err, fmt.Errorf("%s is no folder: name a repository or a folder", dir))
	}
	for at := abs; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil && at != abs {
			return "", fmt.Errorf("%s is a part of a repository: name its root, %s", dir, at)
		} else if err == nil || at == filepath.Dir(at) {
			return abs, nil
		}
	}
}

// deliver writes the plan and shows it.
func (f *planFlags) deliver(kit cli.Kit, p *remediate.Plan) error {
	out := kit.Stdio().Out
	if len(p.Steps) == 0 {
		showLeft(out, p)
		_, err := fmt.Fprintln(out, "nothing to move")
		return err
	}
	text, err := signed.Encode(p)
	if err == nil {
		err = writeNew(f.out, text)
	}
	if err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	if f.writeMap != "" {
		m, err := p.Map()
		if err == nil {
			err = writeNew(f.writeMap, m)
		}
		if err != nil {
			return fmt.Errorf("write the map: %w", err)
		}
	}
	return show(out, p, f.out)
}

// writeNew writes a file for its owner. A plan or a map that was there is replaced,
// anything else is not.
func writeNew(name string, text []byte) error {
	if old, err := os.ReadFile(name); err == nil && !remediate.IsOurs(old) {
		return fmt.Errorf("%s is there and was not written by oakum: name another file", name)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	fresh := name + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

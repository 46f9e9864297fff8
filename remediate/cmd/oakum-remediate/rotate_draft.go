package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/store/agefile"
)

// missing is what nobody but the user knows, by kind: the draft says so, and so does the
// order where it is still missing.
var missing = map[string]string{
	"postgres":                "with.admin, who may change users; and `accept_blip: true`, because the user's name stays where it is. Two users take turns without a blip where one entry holds name and password: docs/rotate.md",
	"mysql":                   "with.admin, who may change users. MySQL from 8.0.14 on keeps two passwords of a user; MariaDB needs `mode: single-user` under with and `accept_blip: true`, or two users who take turns where one entry holds name and password: docs/rotate.md",
	"aws-iam-key":             "with.user, whose key it is: the order tells. Better a role, and no key at all: oakum remediate identity",
	"gcp-service-account-key": "nothing here, but the entry has to hold the whole key file: what was moved is the private key in it",
	"azure-client-secret":     "with.tenant and with.client_id",
	"ssh-key":                 "with.user and with.hosts",
	"gitlab-token":            "with.project or with.group, and with.admin, a maintainer's token",
	"generic":                 "with.check, a command that tells whether a value is accepted; or the kind, if it is one of docs/rotate.md",
}

// byHand is said of the kinds that are in no list.
const byHand = "nothing more; a person makes the new one, and gives it by --stdin"

// draftCommand writes the settings of all rotations that a plan's secrets wait for.
func (f *rotateFlags) draftCommand(kit cli.Kit) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "draft [PLAN-ID]",
		Short: "Draft the rotations of all secrets that a plan moved, to look through",
		Long: `Writes a file of rotations with an entry for each credential that a plan moved and that
was not rotated: which kind rotates it, where it is kept, whose it is as far as the
finding tells, and what is still to be said. Nothing is asked and nothing is rotated:
rotate NAME --dry-run then shows the order of each.`,
		Example: `  oakum remediate rotate draft p20260102-0a1b2c3d
  oakum remediate rotate shop-db-password --dry-run`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			t, err := tools(kit, nil)
			if err != nil {
				return err
			}
			s, err := lastApplied(t, args)
			if err != nil {
				return err
			}
			if output == "" {
				output = f.config
			}
			return draft(kit, s, output)
		},
	}
	c.Flags().StringVarP(&output, "out", "o", "", "write it into a `FILE` (default: that of --rotations)")
	return c
}

// lastApplied is the plan that is named, or the last one.
func lastApplied(t *remediate.Tools, args []string) (*remediate.Status, error) {
	ids := args
	if len(ids) == 0 {
		var err error
		if ids, err = t.Home().Runs(act.Plans); err != nil {
			return nil, err
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("no plan was applied yet: `oakum remediate plan` is the first step")
	}
	id := ids[len(ids)-1]
	if err := noID(act.Plans, id); err != nil {
		return nil, err
	}
	s, err := t.Status(id)
	if err != nil {
		return nil, err
	}
	all, err := t.Accounts()
	if err != nil {
		return nil, err
	}
	s.Follow(all)
	return s, nil
}

// draft writes the file, over none that is there.
func draft(kit cli.Kit, s *remediate.Status, output string) error {
	text, waits, err := drafted(s, filepath.Dir(output))
	if err != nil {
		return err
	}
	out := kit.Stdio().Out
	if len(waits) == 0 {
		_, err := fmt.Fprintf(out, "nothing that %s moved waits to be rotated\n", s.Plan.ID)
		return err
	}
	file, err := os.OpenFile(output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("%w: name a new file with --out, and put what you want of it into the other one", err)
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s drafted in %s: look through it, and say what is missing\n", count(len(waits), "rotation"), report.Escape(output))
	for _, p := range waits {
		if _, err := fmt.Fprintf(out, "next  %s\n", rotateLine(s.Plan, p)); err != nil {
			return err
		}
	}
	return nil
}

// drafted is the file's text.
func drafted(s *remediate.Status, dir string) ([]byte, []remediate.Proposal, error) {
	var waits []remediate.Proposal
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, p := range s.Plan.Proposals() {
		if !s.Waits(p) {
			continue
		}
		waits = append(waits, p)
		entry := &yaml.Node{}
		d := s.Plan.Draft(p, storeFrom(s.Plan, p, dir))
		d.Scan = []string{fromHere(s.Plan.Targets[s.Plan.Secrets[p.Secrets[0]].Target].Dir)}
		if err := entry.Encode(d); err != nil {
			return nil, nil, err
		}
		entry.HeadComment = comment(s.Plan, p)
		list.Content = append(list.Content, entry)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# Drafted from the plan %s by `oakum remediate rotate draft`. Nothing was rotated. Look through\n# it; then `oakum remediate rotate NAME --dry-run` shows what each of them will be. Where nobody\n# tells who uses a credential, an order asks for `verify_from`, a command that tries the new one\n# where programs run, or for `accept_unseen: true` (docs/rotate.md).\n", s.Plan.ID)
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	err := enc.Encode(map[string]*yaml.Node{"rotations": list})
	return text.Bytes(), waits, err
}

// comment says of a draft what was found, and what is missing.
func comment(p *remediate.Plan, one remediate.Proposal) string {
	lines := []string{report.Escape(strings.Join(append([]string{p.Secrets[one.Secrets[0]].Rule}, p.About(one)...), ", "))}
	say, ok := missing[one.Kind]
	if !ok {
		say = byHand
	}
	lines = append(lines, "to say: "+say)
	if len(p.Entries(one)) > 1 && p.Stores[p.Secrets[one.Secrets[0]].Store].Kind != "agefile" {
		lines = append(lines, "Its entries are written one after the other; a store with documents (Secrets Manager, Vault) writes both at once.")
	}
	return strings.Join(lines, "\n")
}

// storeFrom is how a proposal's store is named in a file in dir. An age file is named from
// the current folder, as everywhere, unless it is the one that is meant without a name.
func storeFrom(p *remediate.Plan, one remediate.Proposal, dir string) string {
	st := p.Stores[p.Secrets[one.Secrets[0]].Store]
	if st.Kind != "agefile" {
		return st.Target
	}
	name, query := fromHere(st.Identity), ""
	if _, asked, ok := strings.Cut(st.Target, "?"); ok {
		query = "?" + asked
	}
	if query == "" && name == filepath.Join(dir, agefile.DefaultFile) {
		return "age:"
	}
	return "age:" + filepath.ToSlash(name) + query
}

// fromHere is a path relative to the current folder, if it is below that.
func fromHere(name string) string {
	at, err := os.Getwd()
	if err == nil {
		at, err = filepath.EvalSymlinks(at)
	}
	if rel, relErr := filepath.Rel(at, name); err == nil && relErr == nil && filepath.IsLocal(rel) {
		return rel
	}
	return name
}

// rotateLine is the command for a proposal, and what is known of it.
func rotateLine(p *remediate.Plan, one remediate.Proposal) string {
	return "oakum remediate rotate " + one.Name + " --dry-run   (" + by(p, one) + "; in " + report.Escape(strings.Join(p.Entries(one), " and ")) + ")"
}

// by says what rotates a proposal, and whose credential it is.
func by(p *remediate.Plan, one remediate.Proposal) string {
	text := one.Kind
	if about := p.About(one); len(about) > 0 {
		text += ": " + strings.Join(about, ", ")
	}
	return report.Escape(text)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner/verify"
)

// verifyFlags say whether, and whom, to ask about findings.
type verifyFlags struct {
	on        bool
	only      []string
	endpoints []string
}

func (f *verifyFlags) register(p *pflag.FlagSet) {
	p.StringArrayVar(&f.endpoints, "verify-endpoint", nil, "ask `HOST=URL` in a host's place: a self-hosted instance, which may be private; may be repeated")
}

func (a *app) verifyCommand() *cobra.Command {
	f := &scanFlags{}
	c := &cobra.Command{
		Use:   "verify [PATH...]",
		Short: "Ask issuers whether the credentials found are live (dials their hosts)",
		Long: `Scans as "oakum scan" does, then asks the issuer of each finding for which there is a
live check whether it accepts the value: one request that reads and changes nothing.
"oakum rules endpoints" lists all of them. Findings say valid, invalid, or unknown
and why.

Values go to their issuers' hosts and nowhere else. Suppressed findings, examples and
AWS canaries are not asked about. Reports hold no values, so that a stored report
can't be verified: name what was scanned, and with --only what you mean.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 && isReport(args[0]) {
				return fmt.Errorf("%s is a report, and reports hold no values: name what was scanned, as in `oakum verify . --only ID`", args[0])
			}
			f.verify.on = true
			return a.scan(c.Context(), f, func() (target, error) { return pathTarget(args, f.git) })
		},
	}
	f.register(c)
	f.registerGit(c)
	f.verify.register(c.Flags())
	c.Flags().StringArrayVar(&f.verify.only, "only", nil, "ask about the finding with this `ID` only, or one that begins so; may be repeated")
	c.MarkFlagsMutuallyExclusive("state", "verify-endpoint")
	return c
}

// isReport tells whether the file is one of oakum's reports in JSON.
func isReport(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	_, err = report.Read(file)
	return err == nil
}

// verifier makes what asks about a job's findings. The checks of a rule file count
// where the user named it: a scanned target's own may not say where values go.
func (a *app) verifier(ctx context.Context, f *scanFlags, set *rules.Set) (func([]*leak.Finding), error) {
	if f.state != "" {
		return nil, errors.New("--verify and --state exclude each other: what an issuer says is not remembered")
	}
	endpoints, err := parseEndpoints(f.verify.endpoints)
	if err != nil {
		return nil, err
	}
	if f.config == "" {
		set = builtin.Set()
	}
	checks := map[string]*rules.Verify{}
	for _, r := range set.Rules() {
		if r.Verify != nil {
			checks[r.ID] = r.Verify
		}
	}
	v := verify.New(checks, verify.Options{Agent: "oakum/" + toolOf().Version, Endpoints: endpoints, Dial: a.dial})
	return func(findings []*leak.Finding) {
		if !slices.ContainsFunc(findings, f.verify.chooses) && len(f.verify.only) > 0 {
			a.say("--only: no finding's ID begins with %s", strings.Join(f.verify.only, " or "))
		}
		hosts, questions := v.Hosts(findings, f.verify.chooses)
		for i, h := range hosts {
			hosts[i] = fmt.Sprintf("%s (%d)", h, questions[h])
		}
		if len(hosts) > 0 && !f.output.quiet {
			a.say("asking %s; live checks are experimental: they were written from the vendors' documentation", strings.Join(hosts, ", "))
		}
		v.Verify(ctx, findings, f.verify.chooses)
	}, nil
}

// chooses tells whether --only names the finding, or names nothing.
func (f *verifyFlags) chooses(g *leak.Finding) bool {
	return len(f.only) == 0 || slices.ContainsFunc(f.only, func(id string) bool { return strings.HasPrefix(g.ID, id) })
}

// parseEndpoints reads HOST=URL. A value does not travel in the clear, but within
// this machine.
func parseEndpoints(list []string) (map[string]*url.URL, error) {
	all := map[string]*url.URL{}
	for _, item := range list {
		host, address, ok := strings.Cut(item, "=")
		to, err := url.Parse(address)
		if !ok || host == "" || err != nil || to.Host == "" || to.User != nil || to.RawQuery != "" || to.Fragment != "" {
			return nil, fmt.Errorf("--verify-endpoint: %q is not HOST=URL, as in gitlab.com=https://gitlab.example.com", item)
		}
		local, err := netip.ParseAddr(to.Hostname())
		if to.Scheme != "https" && !(to.Scheme == "http" && err == nil && local.IsLoopback()) {
			return nil, fmt.Errorf("--verify-endpoint: %q is not https: a value would travel in the clear", item)
		}
		all[host] = to
	}
	return all, nil
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner/cisource"
)

func (a *app) scanCICommand(f *scanFlags) *cobra.Command {
	c := &cobra.Command{Use: "ci", Short: "What a CI system holds beside files"}
	c.AddCommand(a.scanCIEnvCommand(f), a.scanCIGitHubCommand(f), a.scanCIGitLabCommand(f))
	c.AddCommand(a.cloudCommands(f)...)
	return c
}

func (a *app) scanCIEnvCommand(f *scanFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "env",
		Short: "The variables of the running job, or of this shell",
		Long: `Scans the environment. Tokens that the CI platform gives to a job and takes back at its
end (GITHUB_TOKEN, CI_JOB_TOKEN, temporary AWS credentials …) are no findings there.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.scan(c.Context(), f, func() (target, error) {
				e := cisource.Environment{Variables: a.env}
				return target{source: e, info: report.Target{Kind: "ci", Path: "env", Part: e.Platform()}}, nil
			})
		},
	}
}

func (a *app) scanCIGitHubCommand(f *scanFlags) *cobra.Command {
	var address string
	var logs logFlags
	c := &cobra.Command{
		Use:   "github ORG|OWNER/REPO...",
		Short: "Variables and names of secrets that GitHub holds for Actions (experimental)",
		Long: `Asks GitHub's API for the Actions variables of organizations with all their
repositories, of single repositories, and of environments, and scans the values. Of
secrets (of Actions, Dependabot and Codespaces) only the names can be read: a static
AWS key among them is a finding; that no value was looked at is told, and does not
change the exit code. With --logs also what workflows' runs printed, and their
artifacts, of the newest runs of each repository.

The token is taken from GITHUB_TOKEN or GH_TOKEN. It needs to read: variables,
secrets, environments, metadata, actions; Dependabot's and Codespaces' secrets; of a classic
token admin:org and repo. What it may not read is a gap that says so.

Experimental: it was written from GitHub's documentation and tried on a server that
follows it.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), f, func() (target, error) {
				api, err := a.ciAPI(f, address, "GITHUB_API_URL", "GITHUB_TOKEN", "GH_TOKEN")
				if err != nil {
					return target{}, err
				}
				src, err := cisource.NewGitHub(api, args...)
				if err != nil {
					return target{}, fmt.Errorf("ask GitHub: %w", err)
				}
				if src.Logs, err = logs.wanted(c, time.Now()); err != nil {
					return target{}, err
				}
				return target{source: src, info: report.Target{Kind: "ci", Path: "github " + strings.Join(args, " ")}}, nil
			})
		},
	}
	logs.register(c, "runs of each repository")
	c.Flags().StringVar(&address, "api-url", "", "GitHub Enterprise's `URL`, with /api/v3 or without (default: $GITHUB_API_URL, else github.com's)")
	return c
}

func (a *app) scanCIGitLabCommand(f *scanFlags) *cobra.Command {
	var address string
	var instance bool
	var logs logFlags
	c := &cobra.Command{
		Use:   "gitlab GROUP|PROJECT...",
		Short: "Variables that GitLab holds for CI (experimental)",
		Long: `Asks GitLab's API for the CI/CD variables of groups with their subgroups and projects,
of single projects (GROUP/PROJECT), and with --instance of the instance, and scans the
values. Of a hidden one only the name can be read: it is told, and does not change the
exit code. A finding in one that is neither masked nor protected says so. With --logs also
what jobs printed, and their artifacts, of the newest jobs of each project.

The token is taken from GITLAB_TOKEN. It needs the scope read_api of a Maintainer of
the projects, of an Owner of the groups, of an administrator for --instance. What it
may not read is a gap that says so.

Experimental: it was written from GitLab's documentation and tried on a server that
follows it.`,
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), f, func() (target, error) {
				if len(args) == 0 && !instance {
					return target{}, errors.New("name a group or a project, or say --instance")
				}
				api, err := a.ciAPI(f, address, "CI_API_V4_URL", "GITLAB_TOKEN")
				if err != nil {
					return target{}, err
				}
				src, err := cisource.NewGitLab(api, instance, args...)
				if err != nil {
					return target{}, fmt.Errorf("ask GitLab: %w", err)
				}
				if src.Logs, err = logs.wanted(c, time.Now()); err != nil {
					return target{}, err
				}
				path := strings.TrimSpace("gitlab " + strings.Join(args, " "))
				return target{source: src, info: report.Target{Kind: "ci", Path: path}}, nil
			})
		},
	}
	logs.register(c, "jobs of each project")
	p := c.Flags()
	p.StringVar(&address, "api-url", "", "the `URL` of your GitLab, with /api/v4 or without (default: $CI_API_V4_URL, else gitlab.com)")
	p.BoolVar(&instance, "instance", false, "the instance's own variables too")
	return c
}

// ciAPI is how a CI system is asked: with a token of the environment, which no command
// line and no list of processes shows.
func (a *app) ciAPI(f *scanFlags, address, variable string, tokens ...string) (api cisource.API, err error) {
	api = cisource.API{URL: address, Wait: a.waiting(f.output.quiet)}
	if address == "" {
		api.URL = a.env[variable]
	}
	for _, name := range tokens {
		if api.Token == "" {
			api.Token = strings.TrimSpace(a.env[name])
		}
	}
	if api.Token == "" {
		return api, fmt.Errorf("no token: set %s in the environment", strings.Join(tokens, " or "))
	}
	return api, nil
}

// Waiting waits so long, and tells why; its error is ctx's.
type Waiting = func(ctx context.Context, d time.Duration, why string) error

// waiting waits, and says so: on the line of progress where that is drawn, else in a
// line of its own.
func (a *app) waiting(quiet bool) Waiting {
	a.wait = new(atomic.Pointer[string])
	return func(ctx context.Context, d time.Duration, why string) error {
		text := fmt.Sprintf("%s: waiting %s, until %s", why, d, time.Now().Add(d).Format(time.TimeOnly))
		switch {
		case a.drawsProgress(quiet):
			a.wait.Store(&text)
			defer a.wait.Store(nil)
		case !quiet:
			a.say("%s", text)
		}
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-t.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

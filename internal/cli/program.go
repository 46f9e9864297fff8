package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner"
)

// Program is one of the binaries that have this command line. All have all of it:
// what one of them cannot do itself, or is not to link, it has its sibling do (see sibling.go), so that
// a scan has the same flags, reports and policy, whoever has the source.
type Program struct {
	Name string // of its file; "" is oakum

	// Commands makes those that only this program has, each in the place of the
	// sibling's of its name.
	Commands func(Kit) []*cobra.Command

	// Cluster opens what scan k8s --live looks at; nil: a sibling does.
	Cluster func(ctx context.Context, c Cluster) (scanner.Source, error)

	// Clouds are commands of scan ci, each in the place of the sibling's of its name.
	Clouds []Cloud

	// templates makes oakum's own commands that nothing else is to link; nil: a sibling has them.
	templates func(*app) []*cobra.Command
}

// Cluster is what the flags of scan k8s --live say.
type Cluster struct {
	Kubeconfig string   // a file; "": as kubectl finds it, else the pod's own account
	Context    string   // of the kubeconfig; "": its current one
	Namespaces []string // nil: all
	Kinds      []string // as kubectl names them: pods, deployments.apps; nil: all that can be listed but Secrets
	Secrets    bool     // Secrets too
	UserAgent  string   // name and version of this program

	// Wait waits where the API server says "not before" and tells the user so.
	Wait Waiting
}

// Cloud is a source of scan ci that needs a vendor's SDK.
type Cloud struct {
	Use, Short, Long string // of its command
	Flags            func(*pflag.FlagSet)
	Open             func(ctx context.Context, args []string, wait Waiting) (scanner.Source, error)
}

// Kit is what a program's own commands take from this command line.
type Kit struct{ a *app }

// Stdio are the process's streams.
func (k Kit) Stdio() Stdio { return k.a.Stdio }

// Env is a variable of the environment, "" where it is not set.
func (k Kit) Env(name string) string { return k.a.env[name] }

// Environ is the whole environment, as os.Environ gives it.
func (k Kit) Environ() []string { return k.a.environ }

// Version is the program's, as `oakum version` prints it.
func (k Kit) Version() string { return toolOf().Version }

// Program is a hash that tells this build of oakum, and with it its rules, from others.
func (k Kit) Program() []byte {
	key := keyOf(programOf())
	return key[:]
}

// Usage is an error about what the user typed; it names the help of c.
func (k Kit) Usage(c *cobra.Command, err error) error { return usageError(c, err) }

// Scan gives c every flag of a scan.
func (k Kit) Scan(c *cobra.Command) *Scan {
	s := &Scan{a: k.a}
	s.flags.register(c)
	return s
}

// Cluster gives c the flags of scan k8s --live but --live itself.
func (k Kit) Cluster(c *cobra.Command) func() Cluster {
	f := &clusterFlags{}
	f.register(c)
	return func() Cluster { return f.cluster(k.a, false) }
}

// Scan is a scan that a program's own command does.
type Scan struct {
	a     *app
	flags scanFlags
}

// Audit scans the objects of a cluster, of which path says which they are, and judges
// each by its namespace. Its error is about what kept it from looking at anything.
func (s *Scan) Audit(ctx context.Context, src scanner.Source, path string, by *Audit) (*report.Document, error) {
	f := s.flags // an audit may be one of many
	f.audit = by
	return s.a.scanned(ctx, &f, func() (target, error) { return objectsTarget(src, path), nil })
}

// Check tells, before any work, what of the flags cannot be.
func (s *Scan) Check() error { return s.a.checkOutput(s.flags.output) }

// Deliver writes the report as the flags say. Its error carries the exit code, nil is 0.
func (s *Scan) Deliver(doc *report.Document) error { return s.a.deliver(doc, s.flags.output) }

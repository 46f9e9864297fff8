// Package awssource is the source of what AWS holds for jobs, functions, tasks and
// machines: environment variables of CodeBuild projects, Lambda functions and ECS task
// definitions, and the user data of EC2 instances and launch templates. All of it is
// plain text to whoever may describe the resource, in the console too.
//
// What a resource keeps of its past is looked at as well: published versions of a
// function, revisions of a task definition that are still active, versions of a launch
// template. A variable that has the same value in several of them is told once, where
// it is newest.
//
// A reference to a secret (valueFrom, a variable of type SECRETS_MANAGER or
// PARAMETER_STORE) is what should stand there, and is no finding. Files of variables
// that a task takes from S3 are a Gap, of class boundary.
//
// Nothing is asked but lists and descriptions, region by region, one request after the
// other. Where AWS says that it is asked too often, the source waits and says so,
// maxWaiting in all. What could not be read is a Gap that names the action that a
// policy has to allow.
//
// Its limits: builds' own overrides of variables, task definitions that are no longer
// active, launch configurations of Auto Scaling, and what parameters and secrets hold
// are not read; accounts of an organization are asked one by one, each with its own
// credentials.
package awssource

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// Options say what is looked at.
type Options struct {
	Regions    []string // nil: the configuration's
	AllRegions bool     // all that are enabled for the account
	Services   []string // of Services; nil: all
	// Revisions is how many revisions of a task definition, versions of a launch
	// template, are looked at, from the newest; 0: all. What is older is a Gap.
	Revisions int
	// Wait waits for d or until ctx ends, and may tell whom it concerns why. nil
	// waits in silence.
	Wait Waiting
}

// Source is what one account holds.
type Source struct {
	config  aws.Config
	options Options
}

var _ scanner.Source = (*Source)(nil)

// service is one of AWS's, with what is looked at of it.
type service struct {
	name string
	look func(w *walk, ctx context.Context, config aws.Config)
}

var services = []service{
	{"codebuild", (*walk).codebuild},
	{"ec2", (*walk).ec2},
	{"ecs", (*walk).ecs},
	{"lambda", (*walk).lambda},
}

// Services are the names that Options takes.
func Services() (names []string) {
	for _, s := range services {
		names = append(names, s.name)
	}
	return names
}

// New makes a source of the account that config's credentials are of.
func New(config aws.Config, o Options) (*Source, error) {
	for _, name := range o.Services {
		if !slices.Contains(Services(), name) {
			return nil, fmt.Errorf("no service is called %q: write one of %s", name, strings.Join(Services(), ", "))
		}
	}
	if o.Wait == nil {
		o.Wait = sleep
	}
	config = config.Copy()
	config.HTTPClient = private(config.HTTPClient)
	config.Retryer = func() aws.Retryer { return aws.NopRetryer{} } // ask tries again, where people see it
	if len(o.Regions) == 0 && config.Region != "" {
		o.Regions = []string{config.Region}
	}
	switch {
	case len(o.Regions) == 0 && o.AllRegions:
		// The list of regions is the same wherever it is asked for; this one is always enabled
		// (https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html).
		o.Regions = []string{"us-east-1"}
	case len(o.Regions) == 0:
		return nil, fmt.Errorf("no region: say --region NAME, or set AWS_REGION")
	}
	return &Source{config: config, options: o}, nil
}

// Blobs yields each resource's variables as one text, region by region and in each
// service by service, resources by name.
func (s *Source) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		w := &walk{yield: yield, asker: asker{wait: s.options.Wait}, revisions: s.options.Revisions}
		if !w.identify(ctx, s.in(s.options.Regions[0])) {
			return
		}
		for _, region := range s.regions(ctx, w) {
			for _, each := range services {
				if len(s.options.Services) > 0 && !slices.Contains(s.options.Services, each.name) {
					continue
				}
				if w.done {
					return
				}
				w.at = "aws:" + w.account + "/" + region + "/" + each.name
				each.look(w, ctx, s.in(region))
			}
		}
	}
}

// in is the configuration for a region.
func (s *Source) in(region string) aws.Config {
	c := s.config.Copy()
	c.Region = region
	return c
}

// walk goes over what an account holds, and hands on what it comes by.
type walk struct {
	asker
	yield     func(scanner.Blob, error) bool
	done      bool // yield wants no more, ctx ended, or AWS gives no more
	account   string
	at        string // where the walk is, as a Scope: account, region, service
	revisions int
}

func (w *walk) tell(b scanner.Blob, err error) {
	if !w.done {
		w.done = !w.yield(b, err)
	}
}

func (w *walk) gap(p leak.Place, class leak.GapClass, code string, why error) {
	w.tell(scanner.Blob{}, &leak.Gap{Place: p, Class: class, Code: code, Why: why})
}

// all is the place of everything that a resource, or a service, has.
func all(scope string) leak.Variable { return leak.Variable{Scope: scope, Name: "*"} }

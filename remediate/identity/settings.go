package identity

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/access"
)

// Settings are the user's file.
type Settings struct {
	Version   int      `yaml:"version"`
	Region    string   `yaml:"region"`    // "": as the AWS CLI finds it
	Key       string   `yaml:"key"`       // id of the access key that is to go
	Role      string   `yaml:"role"`      // name of the role to make
	Needs     Sources  `yaml:"needs"`     // what the key is for
	Workload  Workload `yaml:"workload"`  // what uses it
	Variables []string `yaml:"variables"` // that hold the key, beside AWS' own
	Probe     Probe    `yaml:"probe"`     // how the workload is asked who it is
}

// Sources say what the key is needed for: declared, observed, or both.
type Sources struct {
	Access   string        `yaml:"access"`   // an access.yaml
	Reader   string        `yaml:"reader"`   // of it
	Observed string        `yaml:"observed"` // a file of CloudTrail's events, or of needs
	Also     []access.Need `yaml:"also"`     // what the events do not tell
}

// Workload is what uses the key: exactly one field is set.
type Workload struct {
	ECS         *ECS                `yaml:"ecs" json:"ecs,omitempty"`
	EC2         *EC2                `yaml:"ec2" json:"ec2,omitempty"`
	Lambda      *Lambda             `yaml:"lambda" json:"lambda,omitempty"`
	IRSA        *IRSA               `yaml:"irsa" json:"irsa,omitempty"`
	PodIdentity *access.PodIdentity `yaml:"pod_identity" json:"pod_identity,omitempty"`
	GitHub      *access.GitHub      `yaml:"github" json:"github,omitempty"`
	GitLab      *access.GitLab      `yaml:"gitlab" json:"gitlab,omitempty"`
}

// ECS is a service.
type ECS struct {
	Cluster string `yaml:"cluster" json:"cluster"`
	Service string `yaml:"service" json:"service"`
}

// EC2 is an instance.
type EC2 struct {
	Instance string `yaml:"instance" json:"instance"`
}

// Lambda is a function, in its unpublished version.
type Lambda struct {
	Function string `yaml:"function" json:"function"`
}

// IRSA is a service account whose tokens IAM takes.
type IRSA struct {
	access.IRSA `yaml:",inline"`
	Manifest    string `yaml:"manifest" json:"manifest,omitempty"` // file that has the ServiceAccount; "": the annotation is told
}

// Probe is how a workload is asked, from inside, who it is: the output must hold the
// ARN that sts:GetCallerIdentity gives there.
type Probe struct {
	Before []string `yaml:"before"` // a command and its arguments, which must set the key's variables aside
	After  []string `yaml:"after"`  // the same when they are gone
	Invoke string   `yaml:"invoke"` // lambda: the event that has the function answer it
}

var (
	keyShape      = regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`)
	roleShape     = regexp.MustCompile(`^[A-Za-z0-9_+=,.@-]{1,64}$`)
	variableShape = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// ofAWS are the variables by which the SDKs find a key (AWS SDKs and Tools Reference
// Guide, "Standardized credential providers").
var ofAWS = []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"}

// ReadSettings reads the user's file strictly.
func ReadSettings(text []byte) (*Settings, error) {
	var s Settings
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	return &s, s.valid()
}

func (s *Settings) valid() error {
	var errs []error
	tell := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	tell(s.Version != 1, "version %d; this oakum reads version: 1", s.Version)
	tell(!keyShape.MatchString(s.Key), "key: give the id of a user's access key, AKIA and sixteen more; a temporary one (ASIA…) ends by itself")
	tell(!roleShape.MatchString(s.Role), "role %q: give a name for the role to make, of at most 64 letters, digits and _+=,.@-", s.Role)
	n := s.Needs
	tell((n.Access == "") != (n.Reader == ""), "needs: access and reader go together")
	tell(n.Access == "" && n.Observed == "" && len(n.Also) == 0, "needs: say access and reader, or observed")
	for _, one := range n.Also {
		if err := one.Valid(); err != nil {
			errs = append(errs, fmt.Errorf("needs.also: %w", err))
		}
	}
	for _, v := range s.Variables {
		tell(!variableShape.MatchString(v), "variables: %q is no name of a variable", v)
	}
	kinds := s.Workload.kinds()
	tell(len(kinds) != 1, "workload: say exactly one; there are %v", kinds)
	tell(s.Probe.Invoke != "" && s.Workload.Lambda == nil, "probe.invoke is for lambda")
	if len(kinds) == 1 {
		if err := s.Workload.valid(); err != nil {
			errs = append(errs, fmt.Errorf("workload.%s: %w", kinds[0], err))
		}
	}
	return errors.Join(errs...)
}

func (w Workload) kinds() (set []string) {
	for _, k := range []struct {
		name string
		is   bool
	}{
		{"ec2", w.EC2 != nil}, {"ecs", w.ECS != nil}, {"github", w.GitHub != nil}, {"gitlab", w.GitLab != nil},
		{"irsa", w.IRSA != nil}, {"lambda", w.Lambda != nil}, {"pod_identity", w.PodIdentity != nil},
	} {
		if k.is {
			set = append(set, k.name)
		}
	}
	return set
}

func (w Workload) valid() error {
	missing := func(what, text string) error {
		if text == "" {
			return fmt.Errorf("%s is missing", what)
		}
		return nil
	}
	switch {
	case w.ECS != nil:
		return errors.Join(missing("cluster", w.ECS.Cluster), missing("service", w.ECS.Service))
	case w.EC2 != nil:
		return missing("instance", w.EC2.Instance)
	case w.Lambda != nil:
		return missing("function", w.Lambda.Function)
	}
	return nil // access says the rest, of what goes into a trust policy
}

// identity is what the trust policy lets in.
func (w Workload) identity() access.Identity {
	i := access.Identity{PodIdentity: w.PodIdentity, GitHub: w.GitHub, GitLab: w.GitLab}
	switch {
	case w.ECS != nil:
		i.ECS = &access.ECS{}
	case w.EC2 != nil:
		i.EC2 = &struct{}{}
	case w.Lambda != nil:
		i.Lambda = &struct{}{}
	case w.IRSA != nil:
		i.IRSA = &w.IRSA.IRSA
	}
	return i
}

// String names the workload for people.
func (w Workload) String() string {
	switch {
	case w.ECS != nil:
		return "ECS service " + w.ECS.Cluster + "/" + w.ECS.Service
	case w.EC2 != nil:
		return "EC2 instance " + w.EC2.Instance
	case w.Lambda != nil:
		return "Lambda function " + w.Lambda.Function
	case w.IRSA != nil:
		return "service account " + w.IRSA.Namespace + "/" + w.IRSA.Name
	case w.PodIdentity != nil:
		return "service account " + w.PodIdentity.Namespace + "/" + w.PodIdentity.Name + " of EKS cluster " + w.PodIdentity.Cluster
	case w.GitHub != nil:
		return "workflows of " + w.GitHub.Repository
	}
	return "pipelines of " + w.GitLab.Project
}

// variables are those that are taken away, by name.
func (s *Settings) variables() []string {
	all := slices.Concat(ofAWS, s.Variables)
	slices.Sort(all)
	return slices.Compact(all)
}

// Package access compiles one description of who may read what into what each
// platform wants to hear: IAM policies and trust policies, Vault policies and
// roles, Azure role assignments, GCP bindings. And it proves the AWS part: over an
// enumerated space of requests, what is allowed is what is needed, no more and no
// less, and nothing in a policy can be left out.
//
// Promise: no wildcard is written where AWS takes an exact name, and none is
// taken from the description. Limit: the proof is by an evaluator of our own for
// the subset of IAM that is written here (see evaluate.go); a test holds it
// against a full one. What an organization's own policies allow or deny besides
// is not seen from here.
package access

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/ref"
)

// Description is access.yaml.
type Description struct {
	Version int               `yaml:"version"`
	AWS     Account           `yaml:"aws"`
	Vault   VaultServer       `yaml:"vault"`
	Secrets map[string]Secret `yaml:"secrets"`
	Readers map[string]Reader `yaml:"readers"`
}

// Account is where AWS' secrets and roles are.
type Account struct {
	Partition string `yaml:"partition"` // "" is aws
	Account   string `yaml:"account"`
	Region    string `yaml:"region"`
}

// VaultServer is what roles need to know of Vault.
type VaultServer struct {
	Audience string `yaml:"audience"` // that tokens of jwt and kubernetes are for; "" is vault
}

// Secret is one that may be read.
type Secret struct {
	Store  string `yaml:"store"`  // a backend of package ref
	Engine string `yaml:"engine"` // vault: "" is KV version 2; "database" makes a user when it is asked
	Name   string `yaml:"name"`   // as the store has it; vault: mount/path; of the database engine mount/creds/ROLE or mount/static-creds/ROLE
	Suffix string `yaml:"suffix"` // Secrets Manager's six characters at the end of the ARN
	KMS    string `yaml:"kms"`    // ARN of the customer's key that it is encrypted under; "" is AWS' own

	Vault         string `yaml:"vault"` // azurekeyvault: the vault's name
	Subscription  string `yaml:"subscription"`
	ResourceGroup string `yaml:"resource_group"`
	Project       string `yaml:"project"` // gcpsecrets
}

// Reader is a program that reads, as one identity.
type Reader struct {
	Reads []string `yaml:"reads"`
	As    Identity `yaml:"as"`
}

// Identity is how a reader proves who it is: exactly one field is set.
type Identity struct {
	ECS         *ECS            `yaml:"ecs"`
	EC2         *struct{}       `yaml:"ec2"`
	Lambda      *struct{}       `yaml:"lambda"`
	IRSA        *IRSA           `yaml:"irsa"`
	PodIdentity *PodIdentity    `yaml:"pod_identity"`
	GitHub      *GitHub         `yaml:"github"`
	GitLab      *GitLab         `yaml:"gitlab"`
	Kubernetes  *ServiceAccount `yaml:"kubernetes"` // Vault
	AppRole     *struct{}       `yaml:"approle"`    // Vault
	JWT         *JWT            `yaml:"jwt"`        // Vault
	IAMRole     string          `yaml:"iam_role"`   // Vault: ARN of the role that logs in
	Azure       *AzureIdentity  `yaml:"azure"`      // Vault, Azure
	GCP         string          `yaml:"gcp"`        // Vault, GCP: a service account's e-mail
}

// ECS is a task. Its own role reads by the SDK; the execution role reads what
// valueFrom names.
type ECS struct {
	Execution bool `yaml:"execution"`
}

// IRSA is a service account of EKS with an OIDC provider.
type IRSA struct {
	Provider       string `yaml:"provider"` // oidc.eks.REGION.amazonaws.com/id/…, without https://
	ServiceAccount `yaml:",inline"`
}

// PodIdentity is a service account of EKS with Pod Identity.
type PodIdentity struct {
	Cluster        string `yaml:"cluster"` // its name
	ServiceAccount `yaml:",inline"`
}

// ServiceAccount is Kubernetes'.
type ServiceAccount struct {
	Namespace string `yaml:"namespace"`
	Name      string `yaml:"service_account"`
}

// GitHub is a repository's workflow on one ref or in one environment.
type GitHub struct {
	Repository  string `yaml:"repository"` // ORG/REPO
	Ref         string `yaml:"ref"`        // refs/heads/main
	Environment string `yaml:"environment"`
}

// GitLab is a project's pipeline on one branch.
type GitLab struct {
	Host    string `yaml:"host"` // "" is gitlab.com
	Project string `yaml:"project"`
	Branch  string `yaml:"branch"`
}

// JWT is what an issuer that Vault trusts (auth/jwt/config) says of a program.
type JWT struct {
	Subject string `yaml:"subject"` // its claim sub
}

// AzureIdentity is a managed identity.
type AzureIdentity struct {
	Principal     string `yaml:"principal"` // its object id
	Subscription  string `yaml:"subscription"`
	ResourceGroup string `yaml:"resource_group"`
}

// Read reads a description strictly: a field that is not known, or a name that
// is not exact, is an error.
func Read(text []byte) (*Description, error) {
	var d Description
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	if d.Version != 1 {
		return nil, fmt.Errorf("version %d; this oakum reads version: 1", d.Version)
	}
	if err := d.Complete(); err != nil {
		return nil, err
	}
	return &d, nil
}

// Complete sets what was left out and checks the rest. Read does it.
func (d *Description) Complete() error {
	if len(d.Readers) == 0 {
		return errors.New("readers: there is none; say who may read what")
	}
	if d.AWS.Partition == "" {
		d.AWS.Partition = "aws"
	}
	if d.Vault.Audience == "" {
		d.Vault.Audience = "vault"
	}
	for _, name := range slices.Sorted(maps.Keys(d.Secrets)) {
		if err := d.secret(d.Secrets[name]); err != nil {
			return fmt.Errorf("secrets.%s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Readers)) {
		if err := d.reader(name, d.Readers[name]); err != nil {
			return fmt.Errorf("readers.%s: %w", name, err)
		}
	}
	return nil
}

var (
	accountShape = regexp.MustCompile(`^\d{12}$`)
	suffixShape  = regexp.MustCompile(`^[A-Za-z0-9]{6}$`)
	keyShape     = regexp.MustCompile(`^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$`)
	readerShape  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
)

// exact refuses what a platform would read as a pattern.
func exact(what, text string) error {
	switch {
	case text == "":
		return fmt.Errorf("%s is missing", what)
	case strings.ContainsAny(text, "*?${}\"\\\n\r\t "):
		return fmt.Errorf("%s %q is not exact: name one, without wildcards, variables and spaces", what, text)
	}
	return nil
}

func (d *Description) secret(s Secret) error {
	if err := exact("name", s.Name); err != nil {
		return err
	}
	var errs []error
	switch s.Store {
	case ref.AWSSecrets:
		if !suffixShape.MatchString(s.Suffix) {
			errs = append(errs, errors.New("suffix: give the six characters that end the secret's ARN (aws secretsmanager describe-secret); a policy for every suffix would be for a secret that is made later under a longer name, too"))
		}
		errs = append(errs, d.AWS.valid())
	case ref.AWSParams:
		if !strings.HasPrefix(s.Name, "/") {
			errs = append(errs, fmt.Errorf("name %q: write it with the slash in front, as in /prod/docker/username", s.Name))
		}
		errs = append(errs, d.AWS.valid())
	case ref.Vault:
		if !strings.Contains(s.Name, "/") || strings.Contains(s.Name, "+") {
			errs = append(errs, fmt.Errorf("name %q: write MOUNT/PATH, without +", s.Name))
		}
		errs = append(errs, s.engine())
	case ref.AzureKeyVault:
		errs = append(errs, exact("vault", s.Vault), exact("subscription", s.Subscription), exact("resource_group", s.ResourceGroup))
	case ref.GCPSecrets:
		errs = append(errs, exact("project", s.Project))
	default:
		errs = append(errs, fmt.Errorf("store %q: it is one of awssecrets, awsssm, vault, azurekeyvault, gcpsecrets", s.Store))
	}
	if s.KMS != "" && !keyShape.MatchString(s.KMS) {
		errs = append(errs, fmt.Errorf("kms %q: give the key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID; an alias is no resource of a policy", s.KMS))
	}
	return errors.Join(errs...)
}

// lent is the path of what the database engine gives out.
var lent = regexp.MustCompile(`^[^/].*/(static-)?creds/[^/]+$`)

func (s Secret) engine() error {
	switch {
	case s.Engine != "" && s.Engine != "database":
		return fmt.Errorf("engine %q: it is database, or left out for KV version 2", s.Engine)
	case s.Engine != "" && !lent.MatchString(s.Name):
		return fmt.Errorf("name %q: write MOUNT/creds/ROLE or MOUNT/static-creds/ROLE", s.Name)
	}
	return nil
}

func (a Account) valid() error {
	if !accountShape.MatchString(a.Account) {
		return fmt.Errorf("aws.account %q: give the twelve digits, in quotes", a.Account)
	}
	return exact("aws.region", a.Region)
}

// reader checks an identity, and that it reads only what it can reach.
func (d *Description) reader(name string, r Reader) error {
	if !readerShape.MatchString(name) {
		return errors.New("its name goes into names of roles and files: use a-z, 0-9 and -")
	}
	kinds := r.As.kinds()
	if len(kinds) != 1 {
		return fmt.Errorf("as: say exactly one identity; there are %v", kinds)
	}
	if err := r.As.valid(); err != nil {
		return fmt.Errorf("as.%s: %w", kinds[0], err)
	}
	if len(r.Reads) == 0 {
		return errors.New("reads: it reads nothing")
	}
	for _, s := range r.Reads {
		secret, ok := d.Secrets[s]
		if !ok {
			return fmt.Errorf("reads: secrets has no %s", s)
		}
		if to := reaches[kinds[0]]; !slices.Contains(to, secret.Store) {
			return fmt.Errorf("reads: %s cannot read %s, which is in %s; it reads %s", kinds[0], s, secret.Store, strings.Join(to, ", "))
		}
	}
	return nil
}

var inAWS = []string{ref.AWSSecrets, ref.AWSParams}

// reaches says which stores an identity reads.
var reaches = map[string][]string{
	"ecs": inAWS, "ec2": inAWS, "lambda": inAWS, "irsa": inAWS, "pod_identity": inAWS,
	"github": {ref.AWSSecrets, ref.AWSParams, ref.Vault}, "gitlab": {ref.AWSSecrets, ref.AWSParams, ref.Vault},
	"kubernetes": {ref.Vault}, "approle": {ref.Vault}, "iam_role": {ref.Vault}, "jwt": {ref.Vault},
	"azure": {ref.AzureKeyVault, ref.Vault}, "gcp": {ref.GCPSecrets, ref.Vault},
}

// kinds are the identities that are set.
func (i Identity) kinds() (set []string) {
	for kind, is := range map[string]bool{
		"ecs": i.ECS != nil, "ec2": i.EC2 != nil, "lambda": i.Lambda != nil, "irsa": i.IRSA != nil, "pod_identity": i.PodIdentity != nil,
		"github": i.GitHub != nil, "gitlab": i.GitLab != nil, "kubernetes": i.Kubernetes != nil, "approle": i.AppRole != nil, "jwt": i.JWT != nil,
		"iam_role": i.IAMRole != "", "azure": i.Azure != nil, "gcp": i.GCP != "",
	} {
		if is {
			set = append(set, kind)
		}
	}
	slices.Sort(set)
	return set
}

// aws tells whether the identity is a role of AWS.
func (i Identity) aws() bool {
	return i.ECS != nil || i.EC2 != nil || i.Lambda != nil || i.IRSA != nil || i.PodIdentity != nil || i.GitHub != nil || i.GitLab != nil
}

func (i Identity) valid() error {
	switch {
	case i.IRSA != nil:
		return errors.Join(exact("provider", i.IRSA.Provider), i.IRSA.valid())
	case i.PodIdentity != nil:
		return errors.Join(exact("cluster", i.PodIdentity.Cluster), i.PodIdentity.valid())
	case i.Kubernetes != nil:
		return i.Kubernetes.valid()
	case i.GitHub != nil:
		return i.GitHub.valid()
	case i.GitLab != nil:
		return errors.Join(exact("project", i.GitLab.Project), exact("branch", i.GitLab.Branch))
	case i.JWT != nil:
		return exact("subject", i.JWT.Subject)
	case i.IAMRole != "":
		return exact("iam_role", i.IAMRole)
	case i.GCP != "":
		return exact("gcp", i.GCP)
	case i.Azure != nil:
		return exact("principal", i.Azure.Principal)
	}
	return nil
}

func (s ServiceAccount) valid() error {
	return errors.Join(exact("namespace", s.Namespace), exact("service_account", s.Name))
}

func (g GitHub) valid() error {
	if err := exact("repository", g.Repository); err != nil {
		return err
	}
	if strings.Count(g.Repository, "/") != 1 {
		return fmt.Errorf("repository %q: write OWNER/REPOSITORY", g.Repository)
	}
	if (g.Ref == "") == (g.Environment == "") {
		return errors.New("say one of ref (refs/heads/main) and environment: every branch, and every fork's pull request, would be let in else")
	}
	if g.Ref != "" {
		return exact("ref", g.Ref)
	}
	return exact("environment", g.Environment)
}

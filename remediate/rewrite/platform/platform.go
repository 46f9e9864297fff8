package platform

import (
	"path"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"go.yaml.in/yaml/v3"
)

// Options are what platforms must be told.
type Options struct {
	Kubernetes Kubernetes
	OIDC       *OIDC
	GitLab     GitLab
	ARN        func(ref.Ref) string // the store's exact name for AWS, with a secret's six characters; nil: not known
}

// Kubernetes says how a workload's Secret comes to be.
type Kubernetes struct {
	Via   string `json:"via,omitempty"`   // one of the Via… constants; "" is ViaExternalSecret
	Store string `json:"store,omitempty"` // the operator's own object for the store: a ClusterSecretStore, a VaultAuth; "" is "oakum"
	Role  string `json:"role,omitempty"`  // Vault's role, for ViaVaultAgent and for Vault through ViaCSI; "" is "oakum"
}

const (
	ViaExternalSecret = "external-secret"       // External Secrets Operator
	ViaVaultSecret    = "vault-static-secret"   // Vault Secrets Operator
	ViaCSI            = "secret-provider-class" // Secrets Store CSI driver
	ViaVaultAgent     = "vault-agent"           // annotations of the Vault agent injector
	ViaSecretKeyRef   = "secret-key-ref"        // a Secret that nobody but you makes
)

// Vias are all ways, the default first.
func Vias() []string {
	return []string{ViaExternalSecret, ViaVaultSecret, ViaCSI, ViaVaultAgent, ViaSecretKeyRef}
}

// GitLab is how a job of GitLab's comes to its secrets.
type GitLab struct {
	Vault bool `json:"vault,omitempty"` // by the keyword secrets, where the job logs in to Vault; else by a variable of the project
}

// OIDC is the role that a pipeline takes in place of a static key.
type OIDC struct {
	Role   string `json:"role"`             // arn:aws:iam::123456789012:role/deploy
	Region string `json:"region,omitempty"` // "" leaves the file's own
}

// Format is a platform's way with its files.
type Format struct {
	Name string
	// edit makes one edit.
	edit func(s *spot, o Options) (change.Change, *change.Refusal)
	// after brings what belongs to all edits that were made together; nil: nothing.
	after func(spots []*spot, o Options) (change.Change, *change.Refusal)
	json  bool
}

// Detect tells the platform of a file; nil: none is known.
func Detect(name string, src []byte) *Format {
	base := strings.ToLower(path.Base(name))
	ext := path.Ext(base)
	json := ext == ".json"
	if !json && ext != ".yaml" && ext != ".yml" && ext != ".template" {
		return nil
	}
	if f := byName("/"+strings.ToLower(name), base); f != nil {
		return f
	}
	docs, err := leaf.ReadYAML(src)
	if err != nil {
		return nil // told when it is rewritten
	}
	for _, root := range docs.Nodes {
		if f := byContent(root); f != nil {
			f.json = json
			return f
		}
	}
	return nil
}

func byName(name, base string) *Format {
	switch {
	case strings.Contains(name, "/.github/workflows/") || base == "action.yml" || base == "action.yaml":
		return &Format{Name: "github-actions", edit: editGitHub, after: afterGitHub}
	case strings.HasSuffix(base, ".gitlab-ci.yml") || strings.HasSuffix(base, ".gitlab-ci.yaml"):
		return &Format{Name: "gitlab-ci", edit: editGitLab}
	case strings.Contains(name, "/.circleci/"):
		return &Format{Name: "circleci", edit: editCircle}
	case strings.HasPrefix(base, "azure-pipelines"):
		return &Format{Name: "azure-pipelines", edit: editAzure}
	case strings.HasPrefix(base, "bitbucket-pipelines"):
		return &Format{Name: "bitbucket-pipelines", edit: editBitbucket}
	case strings.HasPrefix(base, "buildspec"):
		return &Format{Name: "buildspec", edit: editBuildspec}
	case base == "serverless.yml" || base == "serverless.yaml":
		return &Format{Name: "serverless", edit: editServerless}
	case strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose"):
		return &Format{Name: "compose", edit: editCompose}
	}
	return nil
}

func byContent(root *yaml.Node) *Format {
	switch {
	case scalar(root, "apiVersion") != "" && scalar(root, "kind") != "":
		return &Format{Name: "kubernetes", edit: editKubernetes, after: afterKubernetes}
	case sub(root, "containerDefinitions") != nil:
		return &Format{Name: "ecs", edit: editECS, after: afterECS}
	case sub(root, "AWSTemplateFormatVersion") != nil || strings.HasPrefix(scalar(root, "Transform"), "AWS::") || hasResources(root):
		return &Format{Name: "cloudformation", edit: editCloudFormation}
	}
	return nil
}

func hasResources(root *yaml.Node) bool {
	if all := sub(root, "Resources"); all != nil && all.Kind == yaml.MappingNode {
		for i := 1; i < len(all.Content); i += 2 {
			if strings.HasPrefix(scalar(all.Content[i], "Type"), "AWS::") {
				return true
			}
		}
	}
	return false
}

// One makes one edit.
func (f *Format) One(o Options) func(src []byte, e change.Edit) (change.Change, *change.Refusal) {
	return func(src []byte, e change.Edit) (change.Change, *change.Refusal) {
		docs, no := read(src)
		if no != nil {
			return change.Change{}, no
		}
		s, no := find(docs, f.json, e)
		if no != nil {
			return change.Change{}, no
		}
		return f.edit(s, o)
	}
}

func read(src []byte) (*leaf.Documents, *change.Refusal) {
	docs, err := leaf.ReadYAML(src)
	if err != nil {
		return nil, change.Refuse(change.Unparsable, "the file does not read: %v", err)
	}
	return docs, nil
}

// After is what the edits need together.
func (f *Format) After(o Options) func(src []byte, edits []change.Edit) (change.Change, *change.Refusal) {
	if f.after == nil {
		return nil
	}
	return func(src []byte, edits []change.Edit) (change.Change, *change.Refusal) {
		docs, no := read(src)
		if no != nil {
			return change.Change{}, no
		}
		var spots []*spot
		for _, e := range edits {
			s, no := find(docs, f.json, e)
			if no != nil {
				return change.Change{}, no
			}
			spots = append(spots, s)
		}
		return f.after(spots, o)
	}
}

// Check compares the leaves before and after.
func (f *Format) Check(src, out []byte, c change.Change) error {
	before, err := leaf.YAML().Parse(src)
	if err != nil {
		return err
	}
	after, err := leaf.YAML().Parse(out)
	if err != nil {
		return err
	}
	return leaf.Equal(before, after, c.Touched)
}

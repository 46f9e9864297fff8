package vap

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// Options say where the policies hold. The zero value is the house's default.
type Options struct {
	Defaults    admit.Modes // of namespaces without our labels; zero: admit.DefaultModes
	Exclude     []string    // namespaces that are not looked at; nil: kube-system, kube-node-lease, oakum-system
	Users       []string    // who may loosen our labels, beside Groups
	Groups      []string    // nil: system:masters
	Controllers []string    // users whose objects copy a template, beside kube-system's
	Static      bool        // for the API server's own folder of manifests (Kubernetes 1.37): names end in .static.k8s.io
}

// YAML writes the policies and their bindings: one document each, in the same order and
// the same words each time.
func YAML(o Options) ([]byte, error) {
	objects, err := Objects(o)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("# Written by oakum webhook vap: ValidatingAdmissionPolicies made of oakum's built-in rules. Do not edit; write them anew.\n")
	for _, object := range objects {
		text, err := yaml.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("write a policy: %w", err)
		}
		for line := range bytes.Lines(text) {
			if !bytes.Equal(line, []byte("status: {}\n")) {
				out.Write(line)
			}
		}
		out.WriteString("---\n")
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("---\n")), nil
}

// The policies' names, before our domain.
const (
	awsName     = "aws-keys"
	codeName    = "code-tokens"
	serviceName = "service-tokens"
	guardName   = "guard"
)

// Objects makes the policies, each followed by its binding: AWS keys, other tokens, the
// guard of our labels.
func Objects(o Options) ([]any, error) {
	o.settle()
	built, err := builtin.Rules()
	if err != nil {
		return nil, fmt.Errorf("read the built-in rules: %w", err)
	}
	var all []any
	for _, c := range []struct {
		name string
		list []choice
		fix  string
		off  []string // the levels of a namespace at which the policy does not hold
	}{
		{awsName, awsRules, fixAWS, []string{"off"}},
		{codeName, codeRules, fixAny, []string{"off", "aws-static"}},
		{serviceName, serviceRules, fixAny, []string{"off", "aws-static"}},
	} {
		patterns, err := chosen(c.list, built)
		if err != nil {
			return nil, err
		}
		all = append(all, o.credentials(c.name, patterns, c.fix, c.off)...)
	}
	return append(all, o.guard()...), nil
}

func (o *Options) settle() {
	if o.Defaults == (admit.Modes{}) {
		o.Defaults = admit.DefaultModes
	}
	if o.Exclude == nil {
		o.Exclude = []string{"kube-system", "kube-node-lease", "oakum-system"}
	}
	if o.Groups == nil {
		o.Groups = []string{"system:masters"}
	}
}

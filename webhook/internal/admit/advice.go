package admit

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// advice says how to do without what was found: one sentence for keys of AWS, one for
// everything else. at is the action of the findings that it is for.
func (w *writer) advice(at action) (list []string) {
	var aws, others bool
	for _, c := range w.charges {
		if c.action == at {
			isAWS := strings.HasPrefix(c.Rule, "aws-")
			aws, others = aws || isAWS, others || !isAWS
		}
	}
	if aws {
		list = append(list, w.role())
	}
	if others {
		list = append(list, w.reference())
	}
	return list
}

// role is the way without a key. Variables have to go, for SDKs look at them before they
// look for a role (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html).
func (w *writer) role() string {
	if !w.eks && !eksHint(w.new.text) {
		return "Use a role instead of a key: on EKS, IAM roles for service accounts (IRSA) or Pod Identity; elsewhere IAM Roles Anywhere. " +
			"A key that must be goes into a secret store: ExternalSecret, Secrets Store CSI, secretKeyRef."
	}
	who := "a ServiceAccount of the workload's own"
	if name := w.serviceAccount(); name != "" {
		who = fmt.Sprintf("ServiceAccount %q", clip(name, maxName))
	}
	return "Use an IAM role instead of a key: annotate " + who + " with eks.amazonaws.com/role-arn (IRSA), or associate it with a role (EKS Pod Identity), " +
		"and take these values out: SDKs prefer them to the role."
}

func (w *writer) reference() string {
	if w.kind == "ConfigMap" {
		return "Move it out of the ConfigMap into a Secret that an ExternalSecret writes, and refer to that: secretKeyRef, or a Secrets Store CSI volume."
	}
	return "Keep it in a secret store and refer to it: valueFrom.secretKeyRef to a Secret that an ExternalSecret writes, or a Secrets Store CSI volume."
}

// eksHints are in objects of clusters that run on EKS: annotations and labels of its own
// (https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html),
// nodes of its node groups, images of ECR.
var eksHints = [][]byte{[]byte("eks.amazonaws.com/"), []byte(".dkr.ecr."), []byte("alpha.eksctl.io/"), []byte("karpenter.k8s.aws/")}

func eksHint(text []byte) bool {
	for _, h := range eksHints {
		if bytes.Contains(text, h) {
			return true
		}
	}
	return false
}

// serviceAccount is the first that a template in the object runs as.
func (w *writer) serviceAccount() (name string) {
	rawjson.Walk(w.new.text, func(way []rawjson.Step, rest []byte) bool {
		if name == "" && way[len(way)-1].Is("serviceAccountName") {
			name = rawjson.String(rawjson.Value(rest))
		}
		return name == "" && !way[0].Is("metadata") && !way[0].Is("status")
	})
	return name
}

// container is the name of the container that a path leads into, "" where it is in none.
func (w *writer) container(path string) string {
	at := strings.Index(path, "ontainers[")
	if at < 0 {
		return ""
	}
	end := strings.IndexByte(path[at:], ']')
	if end < 0 {
		return ""
	}
	want, name := path[:at+end+1], ""
	rawjson.Walk(w.new.text, func(way []rawjson.Step, rest []byte) bool {
		if way[len(way)-1].Is("name") && pathTo(way, want) {
			name = rawjson.String(rawjson.Value(rest))
		}
		return leads(way, want)
	})
	return name
}

// pathTo tells whether a way is that of a field of what stands at want.
func pathTo(way []rawjson.Step, want string) bool {
	return len(way) > 1 && path(way[:len(way)-1]) == want
}

// leads tells whether a way is on the way to want.
func leads(way []rawjson.Step, want string) bool { return strings.HasPrefix(want, path(way)) }

// pathClass is where a finding stands in few words, for metrics: paths of their own
// would be as many as there are objects.
func pathClass(path string) string {
	switch {
	case strings.HasPrefix(path, "metadata.annotations"), strings.Contains(path, ".annotations"):
		return "annotation"
	case strings.HasPrefix(path, "metadata."):
		return "metadata"
	case strings.HasPrefix(path, "data"), strings.HasPrefix(path, "binaryData"), strings.HasPrefix(path, "stringData"):
		return "data"
	}
	for _, c := range []struct{ part, class string }{
		{"envFrom[", "reference"}, {"KeyRef", "reference"}, {".env[", "env"}, {"args[", "args"}, {"command[", "command"}, {"volumes[", "volume"},
	} {
		if strings.Contains(path, c.part) {
			return c.class
		}
	}
	return "field"
}

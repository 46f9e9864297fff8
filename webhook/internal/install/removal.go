package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// Removal takes an installation away.
type Removal struct {
	Namespace         string
	ConfigurationOnly bool                             // leaves everything but the webhook's configuration
	Say               func(format string, args ...any) // what was done
}

// step is a kind of what is installed.
type step struct {
	kind     string
	resource schema.GroupVersionResource
}

// order is the kinds of what is installed, in the order in which they go: first what has
// the API server ask, then what runs, then what that needs, then where it was.
var order = []step{
	{"ValidatingWebhookConfiguration", schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}},
	{"ValidatingAdmissionPolicyBinding", schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingadmissionpolicybindings"}},
	{"ValidatingAdmissionPolicy", schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingadmissionpolicies"}},
	{"CronJob", schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "cronjobs"}},
	{"Deployment", schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}},
	{"PodDisruptionBudget", schema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"}},
	{"Service", schema.GroupVersionResource{Version: "v1", Resource: "services"}},
	{"ConfigMap", schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}},
	{"Secret", schema.GroupVersionResource{Version: "v1", Resource: "secrets"}},
	{"ClusterRoleBinding", schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"}},
	{"ClusterRole", schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"}},
	{"RoleBinding", schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"}},
	{"Role", schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"}},
	{"ServiceAccount", schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}},
	{"Namespace", schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}},
}

// partOf is the label of everything that is ours.
const partOf = "app.kubernetes.io/part-of"

// Run takes it away. What is gone already is no fault, so it can be run again.
func (r Removal) Run(ctx context.Context, config *rest.Config) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	if r.ConfigurationOnly {
		return r.remove(ctx, client.Resource(order[0].resource), order[0].kind, Name)
	}
	objects, err := Objects(Options{Namespace: r.Namespace, Audit: true, Images: true})
	if err != nil {
		return err
	}
	var problems []error
	for _, o := range order {
		for _, object := range objects {
			if object.GetKind() != o.kind {
				continue
			}
			var at dynamic.ResourceInterface = client.Resource(o.resource)
			if ns := object.GetNamespace(); ns != "" {
				at = client.Resource(o.resource).Namespace(ns)
			}
			problems = append(problems, r.removeOurs(ctx, at, o.kind, object.GetName()))
		}
	}
	return errors.Join(problems...)
}

// removeOurs takes an object away if it carries our label.
func (r Removal) removeOurs(ctx context.Context, at dynamic.ResourceInterface, kind, name string) error {
	o, err := at.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("look at %s %s: %w", kind, name, err)
	case o.GetLabels()[partOf] != "oakum":
		r.Say("%s %s is let be: it does not carry the label %s=oakum", kind, name, partOf)
		return nil
	}
	return r.remove(ctx, at, kind, name)
}

func (r Removal) remove(ctx context.Context, at dynamic.ResourceInterface, kind, name string) error {
	after := metav1.DeletePropagationBackground
	err := at.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &after})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove %s %s: %w", kind, name, err)
	}
	r.Say("%s %s removed", kind, name)
	return nil
}

// Objects are those that YAML writes.
func Objects(o Options) ([]*unstructured.Unstructured, error) {
	text, err := YAML(o)
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for doc := range strings.SplitSeq("\n"+string(text), "\n---\n") {
		one := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc+"\n"), &one.Object); err != nil {
			return nil, fmt.Errorf("read our own manifests: %w", err)
		}
		if one.Object != nil {
			all = append(all, one)
		}
	}
	known := func(u *unstructured.Unstructured) bool {
		return slices.ContainsFunc(order, func(s step) bool { return s.kind == u.GetKind() })
	}
	if i := slices.IndexFunc(all, func(u *unstructured.Unstructured) bool { return !known(u) }); i >= 0 {
		return nil, fmt.Errorf("there is no order for objects of kind %s", all[i].GetKind())
	}
	return all, nil
}

package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

// Kind is a resource that can be listed.
type Kind struct {
	Group, Version string
	Resource       string // "pods"
	Kind           string // "Pod"
	Namespaced     bool
	short          []string
}

// The kinds that the admission server watches.
var (
	ConfigMaps = Kind{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
	Secrets    = Kind{Version: "v1", Resource: "secrets", Kind: "Secret", Namespaced: true}
	Namespaces = Kind{Version: "v1", Resource: "namespaces", Kind: "Namespace"}
)

// String is the kind as kubectl and RBAC name it.
func (k Kind) String() string {
	if k.Group == "" {
		return k.Resource
	}
	return k.Resource + "." + k.Group
}

func (k Kind) isSecrets() bool { return k.Group == "" && k.Resource == "secrets" }

func (k Kind) apiVersion() string {
	return schema.GroupVersion{Group: k.Group, Version: k.Version}.String()
}

// typeMeta is what an object of the kind begins with.
func (k Kind) typeMeta() []byte {
	version, _ := json.Marshal(k.apiVersion()) // of a string: it cannot fail
	kind, _ := json.Marshal(k.Kind)
	return fmt.Appendf(nil, `"apiVersion":%s,"kind":%s`, version, kind)
}

// path is where the kind is listed; namespace "" is all.
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris)
func (k Kind) path(namespace string) string {
	root := "/api/" + k.Version
	if k.Group != "" {
		root = "/apis/" + k.Group + "/" + k.Version
	}
	if namespace != "" && k.Namespaced {
		root += "/namespaces/" + namespace
	}
	return root + "/" + k.Resource
}

// unlooked are kinds of which no object is a place for a secret that somebody wrote:
// what the control plane notes of itself, copies of what is listed elsewhere, and
// reports such as ours, which quote other objects.
var unlooked = map[string]bool{
	"events": true, "events.events.k8s.io": true, "leases.coordination.k8s.io": true,
	"endpoints": true, "endpointslices.discovery.k8s.io": true, "componentstatuses": true,
	"pods.metrics.k8s.io": true, "nodes.metrics.k8s.io": true,
	"reports.openreports.io": true, "clusterreports.openreports.io": true,
	"policyreports.wgpolicyk8s.io": true, "clusterpolicyreports.wgpolicyk8s.io": true,
	"ephemeralreports.reports.kyverno.io": true, "clusterephemeralreports.reports.kyverno.io": true,
}

// Kinds asks the server which kinds it has, each in the version that it prefers, in
// the order of their names. What a group failed to answer is in failed, by its name.
func (c *Client) Kinds(ctx context.Context) (kinds []Kind, failed map[string]error, err error) {
	d, err := discovery.NewDiscoveryClientForConfigAndClient(c.config, c.http)
	if err != nil {
		return nil, nil, fmt.Errorf("ask which kinds there are: %w", err)
	}
	lists, err := d.ServerPreferredResourcesWithContext(ctx)
	failed = map[string]error{}
	if groups, partly := discovery.GroupDiscoveryFailedErrorGroups(err); partly {
		for group, why := range groups {
			failed[group.String()] = why
		}
	} else if err != nil {
		return nil, nil, fmt.Errorf("ask which kinds there are: %w", err)
	}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			failed[list.GroupVersion] = err
			continue
		}
		kinds = append(kinds, listable(version, list.APIResources)...)
	}
	slices.SortFunc(kinds, func(a, b Kind) int { return cmp.Compare(a.String(), b.String()) })
	return kinds, failed, nil
}

func listable(version schema.GroupVersion, resources []metav1.APIResource) (kinds []Kind) {
	for _, r := range resources {
		k := Kind{
			Group: cmp.Or(r.Group, version.Group), Version: cmp.Or(r.Version, version.Version),
			Resource: r.Name, Kind: r.Kind, Namespaced: r.Namespaced,
			short: append([]string{r.SingularName, strings.ToLower(r.Kind)}, r.ShortNames...),
		}
		if slices.Contains(r.Verbs, "list") && !strings.Contains(r.Name, "/") && !unlooked[k.String()] {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Choose picks the kinds that words name, as kubectl does: deployments, deploy,
// deployment.apps. Of a word that fits several groups the one without a group, or the
// first, is taken.
func Choose(kinds []Kind, words []string) ([]Kind, error) {
	var chosen []Kind
	for _, word := range words {
		name, group, _ := strings.Cut(strings.ToLower(strings.TrimSpace(word)), ".")
		i := slices.IndexFunc(kinds, func(k Kind) bool {
			return (name == k.Resource || name != "" && slices.Contains(k.short, name)) && (group == "" || group == k.Group)
		})
		if i < 0 {
			return nil, fmt.Errorf("the cluster has no kind %q that can be listed; kubectl api-resources names them", word)
		}
		if !slices.ContainsFunc(chosen, func(k Kind) bool { return k.String() == kinds[i].String() }) {
			chosen = append(chosen, kinds[i])
		}
	}
	return chosen, nil
}

package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
)

// flavour is a kind of report that a cluster may serve.
type flavour struct {
	group, version        string
	plural, clusterPlural string
	kind, clusterKind     string
	sourceInResults       bool // and not in the report itself
}

// flavours are tried in their order: the second one is what the first was called before
// it left the Policy Working Group.
var flavours = []flavour{
	{"openreports.io", "v1alpha1", "reports", "clusterreports", "Report", "ClusterReport", false},
	{"wgpolicyk8s.io", "v1alpha2", "policyreports", "clusterpolicyreports", "PolicyReport", "ClusterPolicyReport", true},
}

func (f flavour) resource(namespaced bool) schema.GroupVersionResource {
	r := schema.GroupVersionResource{Group: f.group, Version: f.version, Resource: f.clusterPlural}
	if namespaced {
		r.Resource = f.plural
	}
	return r
}

// Published counts what became of reports.
type Published struct {
	Kind                              string // "reports.openreports.io"
	Written, Unchanged, Removed, Kept int
}

func (p Published) String() string {
	s := fmt.Sprintf("%s: %d written, %d unchanged, %d removed", p.Kind, p.Written, p.Unchanged, p.Removed)
	if p.Kept > 0 {
		s += fmt.Sprintf(", %d kept, for not all of their namespaces was looked at", p.Kept)
	}
	return s
}

// Scope is what an audit was asked to look at: reports of other namespaces are let be.
type Scope struct{ Namespaces []string } // nil: all, and what is in none

func (s Scope) holds(namespace string) bool {
	return len(s.Namespaces) == 0 || slices.Contains(s.Namespaces, namespace)
}

// Publish writes what an audit found into the cluster, and takes away what earlier ones
// wrote and is no longer so. A scan of which only some kinds were asked for must not be
// published: it says nothing of the others.
func Publish(ctx context.Context, config *rest.Config, doc *report.Document, scope Scope, now time.Time) (Published, error) {
	w := writer{doc: doc, scope: scope, now: now}
	var err error
	if w.flavour, err = served(config); err != nil {
		return Published{}, err
	}
	if w.client, err = dynamic.NewForConfig(config); err != nil {
		return Published{}, fmt.Errorf("write reports: %w", err)
	}
	w.done.Kind = w.flavour.plural + "." + w.flavour.group
	err = w.write(ctx)
	return w.done, err
}

// served finds the kind of report that the cluster has.
func served(config *rest.Config) (flavour, error) {
	d, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return flavour{}, fmt.Errorf("ask which reports there are: %w", err)
	}
	for _, f := range flavours {
		_, err := d.ServerResourcesForGroupVersion(f.group + "/" + f.version)
		switch {
		case err == nil:
			return f, nil
		case !apierrors.IsNotFound(err):
			return flavour{}, fmt.Errorf("ask which reports there are: %w", err)
		}
	}
	return flavour{}, errors.New("the cluster serves neither openreports.io/v1alpha1 nor wgpolicyk8s.io/v1alpha2, so there is no kind of report to write; " +
		"install the CRDs of github.com/openreports/reports-api, or leave --reports out")
}

type writer struct {
	flavour flavour
	client  dynamic.Interface
	doc     *report.Document
	scope   Scope
	now     time.Time
	done    Published
}

func (w *writer) write(ctx context.Context) error {
	ours, err := w.ours(ctx)
	if err != nil {
		return err
	}
	var problems []error
	for _, p := range pages(w.doc) {
		if !w.scope.holds(p.namespace) {
			continue
		}
		problems = append(problems, w.put(ctx, p, ours[p.namespace]))
		delete(ours, p.namespace)
	}
	for namespace, old := range ours {
		if w.scope.holds(namespace) {
			problems = append(problems, w.remove(ctx, namespace, old))
		}
	}
	return errors.Join(problems...)
}

// ours are the reports that carry our labels, by namespace.
func (w *writer) ours(ctx context.Context) (map[string]*unstructured.Unstructured, error) {
	found := map[string]*unstructured.Unstructured{}
	for _, namespaced := range []bool{true, false} {
		r := w.flavour.resource(namespaced)
		opt := metav1.ListOptions{LabelSelector: labelManaged + "=" + managedBy + "," + labelReport + "=" + isAudit, Limit: 500}
		for {
			list, err := w.client.Resource(r).List(ctx, opt)
			if err != nil {
				return nil, w.refused("list", r, "", err)
			}
			for i := range list.Items {
				if list.Items[i].GetName() == reportName {
					found[list.Items[i].GetNamespace()] = &list.Items[i]
				}
			}
			if opt.Continue = list.GetContinue(); opt.Continue == "" {
				break
			}
		}
	}
	return found, nil
}

func (w *writer) put(ctx context.Context, p *page, old *unstructured.Unstructured) error {
	r := w.flavour.resource(p.namespace != "")
	o := &unstructured.Unstructured{Object: p.object(w.flavour, w.now)}
	if old != nil && old.GetAnnotations()[noteContent] == o.GetAnnotations()[noteContent] {
		w.done.Unchanged++
		return nil
	}
	verb, err := "create", error(nil)
	if old != nil {
		verb = "update"
		o.SetResourceVersion(old.GetResourceVersion())
		_, err = w.in(r, p.namespace).Update(ctx, o, metav1.UpdateOptions{})
	} else {
		_, err = w.in(r, p.namespace).Create(ctx, o, metav1.CreateOptions{})
	}
	switch {
	case err == nil:
		w.done.Written++
		return nil
	case apierrors.IsAlreadyExists(err):
		return fmt.Errorf("write a report: there is a %s %s%s that is not oakum's own (it has no label %s=%s); rename or remove it",
			o.GetKind(), reportName, inNamespace(p.namespace), labelReport, isAudit)
	case apierrors.IsNotFound(err) && p.namespace != "", apierrors.IsForbidden(err) && strings.Contains(err.Error(), "because it is being terminated"):
		return nil // the namespace went away meanwhile
	}
	return w.refused(verb, r, p.namespace, err)
}

// remove takes away a report whose namespace has nothing to tell, unless something that
// may belong to it was not looked at.
func (w *writer) remove(ctx context.Context, namespace string, old *unstructured.Unstructured) error {
	for _, g := range w.doc.Gaps {
		at, _ := g.Place.(leak.ObjectField)
		if g.Class == leak.Failure && (at.Namespace == "" || at.Namespace == namespace) {
			w.done.Kept++
			return nil
		}
	}
	r := w.flavour.resource(namespace != "")
	uid := old.GetUID()
	err := w.in(r, namespace).Delete(ctx, reportName, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err != nil && !apierrors.IsNotFound(err) {
		return w.refused("delete", r, namespace, err)
	}
	w.done.Removed++
	return nil
}

func (w *writer) in(r schema.GroupVersionResource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return w.client.Resource(r)
	}
	return w.client.Resource(r).Namespace(namespace)
}

// refused says what the account lacks.
func (w *writer) refused(verb string, r schema.GroupVersionResource, namespace string, err error) error {
	if apierrors.IsForbidden(err) {
		return fmt.Errorf("write reports: the account needs the verb %s on %s.%s%s: %w", verb, r.Resource, r.Group, inNamespace(namespace), err)
	}
	return fmt.Errorf("%s a report%s: %w", verb, inNamespace(namespace), err)
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " in namespace " + namespace
}

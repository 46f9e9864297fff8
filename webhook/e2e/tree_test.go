package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/oakum-sec/oakum/webhook/internal/fixture"
)

// define makes a CRD for each kind of the fixtures that the API server does not have, so
// that they are stored as they are (Argo's, Knative's and Tekton's own schemas are not
// what is looked at here).
func (c *cluster) define(t *testing.T, cases []fixture.Case) {
	t.Helper()
	done := map[string]bool{}
	for _, one := range cases {
		h, err := one.Head()
		if err != nil {
			t.Fatal(err)
		}
		gvk := h.GroupVersionKind()
		if _, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version); err == nil || done[gvk.String()] {
			continue
		}
		done[gvk.String()] = true
		scope, plural := "Cluster", strings.ToLower(gvk.Kind)+"s"
		if h.Metadata.Namespace != "" {
			scope = "Namespaced"
		}
		schema := map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
		crd := map[string]any{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
			"metadata": map[string]any{"name": plural + "." + gvk.Group,
				"annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, for a test"}},
			"spec": map[string]any{"group": gvk.Group, "scope": scope,
				"names":    map[string]any{"kind": gvk.Kind, "plural": plural, "singular": strings.ToLower(gvk.Kind)},
				"versions": []any{map[string]any{"name": gvk.Version, "served": true, "storage": true, "schema": schema}}}}
		if _, err := c.create(t, crd, metav1.CreateOptions{}); err != nil {
			t.Fatalf("%s: %v", gvk, err)
		}
	}
	eventually(t, "the kinds are served", func() bool {
		c.discover(t)
		return !slices.ContainsFunc(cases, func(one fixture.Case) bool {
			object := &unstructured.Unstructured{}
			return object.UnmarshalJSON(one.JSON) == nil && !c.knows(object)
		})
	})
}

// hookTree applies every object of the tree as a user does: the API server's answer is the
// folder's verdict, its message names each finding that counts, and no value is told.
func hookTree(t *testing.T, c *cluster) {
	cases, err := fixture.Load("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	c.define(t, cases)
	jane, told := c.as(t, "jane", "system:masters").warned()
	jane.mapper = c.mapper
	seen := map[string]int{}
	for _, one := range cases {
		told.texts = nil
		err := apply(t, jane, c, &one)
		verdict := fixture.Allow
		switch {
		case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "denied the request"):
			verdict = fixture.Deny
			told.texts = append(told.texts, err.Error())
		case err != nil:
			t.Errorf("%s: %v", one.Name, err)
			continue
		case slices.ContainsFunc(told.texts, func(w string) bool { return strings.Contains(w, "oakum") }):
			verdict = fixture.Warn
		}
		seen[one.Verdict]++
		words := strings.Join(told.texts, "\n")
		if verdict != one.Verdict {
			t.Errorf("%s: %s: %s", one.Name, verdict, words)
			continue
		}
		missing := slices.ContainsFunc(one.Wants, func(w fixture.Want) bool { return !strings.Contains(words, w.Rule) })
		if missing {
			t.Errorf("%s: %v is not all told: %s", one.Name, one.Wants, words)
		}
	}
	t.Logf("%v", seen)
	if seen[fixture.Allow] < 50 || seen[fixture.Warn] < 15 || seen[fixture.Deny] < 80 {
		t.Errorf("%v objects were applied: cases are missing", seen)
	}
}

// apply creates the object, dry; or where a subresource brings what is looked at, makes
// what was there before and updates it.
func apply(t *testing.T, jane, admin *cluster, one *fixture.Case) error {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(one.JSON); err != nil {
		t.Fatal(err)
	}
	if object.GetNamespace() != "" {
		admin.namespace(t, object.GetNamespace(), nil)
	}
	if one.Old == nil {
		_, err := jane.resource(t, object).Create(t.Context(), object, metav1.CreateOptions{DryRun: []string{"All"}})
		return err
	}
	var old map[string]any
	if err := json.Unmarshal(one.Old, &old); err != nil {
		t.Fatal(err)
	}
	made, err := admin.create(t, old, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		zero := int64(0)
		if err := admin.resource(t, made).Delete(t.Context(), made.GetName(), metav1.DeleteOptions{GracePeriodSeconds: &zero}); err != nil {
			t.Error(err)
		}
	}()
	object.SetResourceVersion(made.GetResourceVersion())
	_, err = jane.resource(t, object).Update(t.Context(), object, metav1.UpdateOptions{DryRun: []string{"All"}}, one.Subresource)
	return err
}

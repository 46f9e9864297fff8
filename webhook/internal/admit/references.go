package admit

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// referrer is how a pod's template names an object that it takes values from: the field,
// and what its name and the key in it are called there. They mean the same wherever a
// template stands, in built-in kinds and in others.
// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/)
type referrer struct {
	field, name, key string
	secret           bool
}

var referrers = []referrer{
	{field: "configMapRef", name: "name"},
	{field: "configMapKeyRef", name: "name", key: "key"},
	{field: "configMap", name: "name"}, // a volume, or a source of a projected one
	{field: "secretRef", name: "name", secret: true},
	{field: "secretKeyRef", name: "name", key: "key", secret: true},
	{field: "secret", name: "secretName", secret: true},
}

// reference is one of an object's to another.
type reference struct {
	secret    bool
	name, key string // key "": all of it
	field     string // where it stands
}

// maxReferences bounds how many are followed; the largest pods have a hundred.
const maxReferences = 1000

// references are an object's, in its order.
func references(text []byte) (list []reference) {
	if !bytes.Contains(text, []byte("onfigMap")) && !bytes.Contains(text, []byte("secret")) {
		return nil
	}
	rawjson.Walk(text, func(way []string, value []byte) bool {
		if len(way) == 1 && (way[0] == "metadata" || way[0] == "data") || len(list) == maxReferences {
			return false
		}
		i := slices.IndexFunc(referrers, func(r referrer) bool { return r.field == way[len(way)-1] })
		if i < 0 || len(value) == 0 || value[0] != '{' {
			return true
		}
		r := referrers[i]
		ref := reference{secret: r.secret, name: rawjson.String(rawjson.Field(value, r.name)), field: path(way)}
		if r.key != "" {
			ref.key = rawjson.String(rawjson.Field(value, r.key))
		}
		if ref.name != "" {
			list = append(list, ref)
		}
		return true
	})
	return list
}

// path is a way as podsource writes it.
func path(way []string) string {
	var b strings.Builder
	for i, step := range way {
		if i > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

// follow finds what an object's references lead to. The findings stand where the values
// are; via tells which field of the object leads there.
func (a *Admitter) follow(o *object, namespace string, via map[*leak.Finding]string) (found []*leak.Finding) {
	if a.opt.References == nil || o == nil {
		return nil
	}
	for _, ref := range references(o.text) {
		ask, kind := a.opt.References.ConfigMap, "v1/ConfigMap"
		if ref.secret {
			ask, kind = a.opt.References.Secret, "v1/Secret"
		}
		verdict, known := ask(namespace, ref.name)
		if !known {
			continue
		}
		at := leak.ObjectField{Object: kind, Namespace: namespace, Name: ref.name}
		for _, k := range verdict.Findings {
			if ref.key == "" || ref.key == k.Key {
				f := k.finding(at)
				via[f] = ref.field
				found = append(found, f)
			}
		}
	}
	return found
}

// finding is what is known of a value in another object.
func (k *Known) finding(at leak.ObjectField) *leak.Finding {
	at.Field = k.Field
	return &leak.Finding{
		Sighting: leak.Sighting{Place: at}, ID: k.Fingerprint, Rule: k.Rule, Key: k.Name, Name: k.Name, Hint: k.Hint,
		Proof: k.Proof, Severity: k.Severity, Confidence: k.Confidence, Parts: make([]leak.Part, k.Parts), Seen: 1,
	}
}

// Verdict looks at an object that others may refer to, a ConfigMap or a Secret, for
// [References] to answer with. The error is ctx's, or says why not all could be looked
// at; what was found is told beside it.
func (a *Admitter) Verdict(ctx context.Context, text []byte) (v Verdict, err error) {
	o, err := divide(text)
	if err != nil {
		return v, err
	}
	v.UID, v.ResourceVersion = o.metaString("uid"), o.metaString("resourceVersion")
	var seen sight
	err = a.inSlot(ctx, func(ctx context.Context, s *scanner.Single) (err error) {
		seen, err = a.look(ctx, s, &o)
		return err
	})
	if err != nil {
		return v, err
	}
	for _, f := range seen.findings {
		if k, ok := known(f); ok {
			v.Findings = append(v.Findings, k)
		}
	}
	if seen.gap != nil {
		err = seen.gap
	}
	return v, err
}

// known is a finding in an object's data, without its value: no pod takes values from an
// annotation.
func known(f *leak.Finding) (Known, bool) {
	p, _ := f.Place.(leak.ObjectField)
	key, ok := dataKey(p.Field)
	return Known{
		Rule: f.Rule, Fingerprint: f.ID, Field: p.Field, Key: key, Name: f.Key, Hint: f.Hint, Proof: f.Proof,
		Severity: f.Severity, Confidence: f.Confidence, Parts: len(f.Parts),
	}, ok
}

// dataKey is the key of an object's data in a path: of data.A, or data["a.b"].
func dataKey(field string) (string, bool) {
	for _, part := range []string{"data", "binaryData", "stringData"} {
		rest, in := strings.CutPrefix(field, part)
		if !in {
			continue
		}
		if key, ok := strings.CutPrefix(rest, "."); ok {
			return key, true
		}
		if key, ok := strings.CutPrefix(rest, `["`); ok {
			return strings.TrimSuffix(key, `"]`), true
		}
	}
	return "", false
}

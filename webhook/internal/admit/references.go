package admit

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/leak"
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

// maxReferences bounds how many are followed; the largest pods have a hundred.
const maxReferences = 1000

// references hands use an object's references to others, in its order: what each is
// called, which key of it is meant ("": all of them), and the field that names it.
func references(text []byte, use func(r *referrer, name, key string, way []rawjson.Step)) {
	if !bytes.Contains(text, []byte("onfigMap")) && !bytes.Contains(text, []byte("secret")) {
		return
	}
	n := 0
	rawjson.Walk(text, func(way []rawjson.Step, rest []byte) bool {
		last := &way[len(way)-1]
		if len(way) == 1 && (last.Is("metadata") || last.Is("data")) || n == maxReferences {
			return false
		}
		i := slices.IndexFunc(referrers, func(r referrer) bool { return last.Is(r.field) })
		if i < 0 || len(rest) == 0 || rest[0] != '{' {
			return true
		}
		r, key, value := &referrers[i], "", rawjson.Value(rest)
		if r.key != "" {
			key = rawjson.String(rawjson.Field(value, r.key))
		}
		if name := rawjson.String(rawjson.Field(value, r.name)); name != "" {
			n++
			use(r, name, key, way)
		}
		return true
	})
}

// path is a way as podsource writes it.
func path(way []rawjson.Step) string {
	var b []byte
	for i, step := range way {
		switch {
		case step.Key == nil:
			b = append(strconv.AppendInt(append(b, '['), int64(step.Index), 10), ']')
			continue
		case i > 0:
			b = append(b, '.')
		}
		b = append(b, step.Key...)
	}
	return string(b)
}

// follow finds what an object's references lead to. The findings stand where the values
// are; via tells which field of the object leads there.
func (a *Admitter) follow(o *object, namespace string, via map[*leak.Finding]string) (found []*leak.Finding) {
	if a.opt.References == nil || o == nil {
		return nil
	}
	references(o.text, func(r *referrer, name, key string, way []rawjson.Step) {
		ask, kind := a.opt.References.ConfigMap, "v1/ConfigMap"
		if r.secret {
			ask, kind = a.opt.References.Secret, "v1/Secret"
		}
		verdict, known := ask(namespace, name)
		if !known {
			return
		}
		at := leak.ObjectField{Object: kind, Namespace: namespace, Name: name}
		for _, k := range verdict.Findings {
			if key == "" || key == k.Key {
				f := k.finding(at)
				via[f] = path(way)
				found = append(found, f)
			}
		}
	})
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
	o, _ := divide(text)
	if o.broken != nil {
		return v, o.broken
	}
	v.UID, v.ResourceVersion = o.metaString("uid"), o.metaString("resourceVersion")
	var seen sight
	err = a.inSlot(ctx, func(ctx context.Context, s *slot) (err error) {
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

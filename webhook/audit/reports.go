package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// A report is bounded, for all of them lie in the cluster's etcd, whose objects end at
// 1.5 MB (https://etcd.io/docs/v3.5/dev-guide/limit/).
const (
	maxResults = 500
	maxBytes   = 512_000
	maxObjects = 20 // that one result names
)

// result is one of a Report's. Its fields are those that openreports.io/v1alpha1 and
// wgpolicyk8s.io/v1alpha2 share (https://github.com/openreports/reports-api).
type result struct {
	Source     string            `json:"source,omitempty"`
	Policy     string            `json:"policy"`
	Rule       string            `json:"rule,omitempty"`
	Category   string            `json:"category,omitempty"`
	Severity   string            `json:"severity,omitempty"`
	Timestamp  timestamp         `json:"timestamp"`
	Result     string            `json:"result"`
	Scored     bool              `json:"scored"`
	Resources  []object          `json:"resources,omitempty"`
	Message    string            `json:"message,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
}

type timestamp struct {
	Seconds int64 `json:"seconds"`
	Nanos   int32 `json:"nanos"`
}

// object is a core/v1 ObjectReference, as far as it matters here.
type object struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name,omitempty"`
	FieldPath  string `json:"fieldPath,omitempty"`
}

type summary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

// page is what one namespace's report says; namespace "" is the cluster's own.
type page struct {
	namespace string
	results   []result
	summary   summary
	leftOut   int
}

// pages divides what an audit found by namespace, in the order of their names. What is
// allowed is not told.
func pages(doc *report.Document) []*page {
	by := map[string]*page{}
	of := func(p leak.Place) *page {
		at, _ := p.(leak.ObjectField)
		if by[at.Namespace] == nil {
			by[at.Namespace] = &page{namespace: at.Namespace}
		}
		return by[at.Namespace]
	}
	for _, f := range doc.Findings {
		if f.Suppressed == nil && f.Decision != nil && f.Decision.Verdict != leak.Allow {
			of(f.Place).finding(f)
		}
	}
	for _, g := range doc.Gaps {
		if g.Class == leak.Failure {
			of(g.Place).gap(g)
		}
	}
	all := make([]*page, 0, len(by))
	for _, p := range by {
		p.bound()
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b *page) int { return strings.Compare(a.namespace, b.namespace) })
	return all
}

func (p *page) finding(f *leak.Finding) {
	r := result{
		Policy: "oakum", Rule: f.Rule, Category: "Secrets", Severity: f.Severity.String(), Result: "warn", Scored: true,
		Properties: map[string]string{"fingerprint": f.ID, "proof": f.Proof.String(), "places": strconv.Itoa(f.Seen)},
	}
	if p.summary.Warn++; f.Decision.Verdict == leak.Deny {
		r.Result = "fail"
		p.summary.Warn--
		p.summary.Fail++
	}
	at, _ := f.Place.(leak.ObjectField)
	r.Message = fmt.Sprintf("%s at %s: %s", f.Rule, fieldOf(at), f.Decision.Reason)
	r.Resources = append(r.Resources, objectOf(at))
	for _, s := range f.Also {
		also, _ := s.Place.(leak.ObjectField)
		o := objectOf(also)
		if len(r.Resources) < maxObjects && !slices.ContainsFunc(r.Resources, o.same) {
			r.Resources = append(r.Resources, o)
		}
	}
	p.results = append(p.results, r)
}

// gap tells of what could not be looked at: that there is nothing else in a report then
// does not mean that there is nothing.
func (p *page) gap(g *leak.Gap) {
	p.summary.Error++
	r := result{Policy: "oakum", Category: "Secrets", Result: "error", Message: "not looked at: " + g.Why.Error(), Properties: map[string]string{"code": g.Code}}
	if at, ok := g.Place.(leak.ObjectField); ok {
		r.Resources = []object{objectOf(at)}
		r.Resources[0].FieldPath = ""
	}
	p.results = append(p.results, r)
}

func (o object) same(p object) bool {
	return o.APIVersion == p.APIVersion && o.Kind == p.Kind && o.Namespace == p.Namespace && o.Name == p.Name
}

func objectOf(at leak.ObjectField) object {
	o := object{Namespace: at.Namespace, Name: at.Name, FieldPath: at.Field}
	o.APIVersion, o.Kind = "", at.Object
	if i := strings.LastIndexByte(at.Object, '/'); i >= 0 {
		o.APIVersion, o.Kind = at.Object[:i], at.Object[i+1:]
	}
	return o
}

func fieldOf(at leak.ObjectField) string {
	if len(at.Inner) > 0 {
		return at.Field + "!/" + strings.Join(at.Inner, "!/")
	}
	return at.Field
}

// worst orders results: what is denied, what was not looked at, what is warned of.
var worst = map[string]int{"fail": 0, "error": 1, "warn": 2}

var severities = map[string]int{"critical": 0, "high": 1, "medium": 2, "low": 3, "info": 4}

// bound leaves out what a report has no room for, the least first. The summary counts
// all.
func (p *page) bound() {
	slices.SortStableFunc(p.results, func(a, b result) int {
		return cmp.Or(worst[a.Result]-worst[b.Result], severities[a.Severity]-severities[b.Severity], cmp.Compare(a.Message, b.Message))
	})
	size, kept := 4<<10, 0 // of everything around results
	for _, r := range p.results {
		text, _ := json.Marshal(r) // strings and numbers: it cannot fail
		if size += len(text) + 1; kept == maxResults || size > maxBytes {
			break
		}
		kept++
	}
	p.leftOut = len(p.results) - kept
	p.results = p.results[:kept]
}

// What a report of ours is known by.
const (
	reportName   = "oakum"
	labelManaged = "app.kubernetes.io/managed-by"
	managedBy    = "oakum"
	labelReport  = admit.Domain + "/report"
	isAudit      = "audit"
	noteContent  = admit.Domain + "/content"  // a hash of what it says, without when
	noteLeftOut  = admit.Domain + "/left-out" // how many results found no room
)

// object is the page as an object of a flavour.
func (p *page) object(f flavour, at time.Time) map[string]any {
	results := make([]any, 0, len(p.results))
	for _, r := range p.results {
		r.Timestamp.Seconds = at.Unix()
		if f.sourceInResults {
			r.Source = "oakum"
		}
		results = append(results, plain(r))
	}
	notes := map[string]any{noteContent: p.content()}
	if p.leftOut > 0 {
		notes[noteLeftOut] = strconv.Itoa(p.leftOut)
	}
	meta := map[string]any{"name": reportName, "labels": map[string]any{labelManaged: managedBy, labelReport: isAudit}, "annotations": notes}
	kind := f.clusterKind
	if p.namespace != "" {
		meta["namespace"], kind = p.namespace, f.kind
	}
	o := map[string]any{"apiVersion": f.group + "/" + f.version, "kind": kind, "metadata": meta, "summary": plain(p.summary), "results": results}
	if !f.sourceInResults {
		o["source"] = "oakum"
		o["configuration"] = map[string]any{"limits": map[string]any{"maxResults": int64(maxResults), "statusFilter": []any{"fail", "warn", "error"}}}
	}
	return o
}

// content is a hash of what the page says.
func (p *page) content() string {
	text, _ := json.Marshal(struct {
		R []result
		S summary
		L int
	}{p.results, p.summary, p.leftOut}) // strings and numbers: it cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// plain is a value as the dynamic client has it: maps, lists, strings, int64.
func plain(v any) map[string]any {
	var out map[string]any
	text, _ := json.Marshal(v) // of our own structs
	_ = json.Unmarshal(text, &out)
	return whole(out).(map[string]any)
}

// whole makes integers of the numbers in JSON: nothing here has another kind.
func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = whole(v[k])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case float64:
		return int64(v)
	}
	return v
}

// Package images scans the images of a cluster's pods, beside and never within the
// requests that admit them, and keeps verdicts where the webhook reads them.
//
// The worker follows pods and what makes pods, resolves tags to digests, scans each digest
// once (package imagesource, layers remembered by package layercache), and writes what it
// found into ConfigMaps of oakum's own namespace. The webhook follows those ConfigMaps and
// answers from memory: an image whose verdict is bad is denied or warned of by the policy,
// one that has none is admitted or, where so configured, waits.
//
// What it promises:
//
//   - A verdict is of a digest and never of a tag. A tag is taken for the digest that it
//     had when a node last ran it, or when the worker last asked.
//   - No value leaves the worker: a verdict has rules, fingerprints and places.
//   - Verdicts are bounded, in findings an image and in bytes altogether; what was not
//     seen for the longest time goes first.
//   - What could not be scanned has no verdict. A verdict of older rules holds until the
//     worker has looked again, so that an upgrade does not make everything unknown.
//
// Its limits: a pod that waits for its image and that nothing makes (no Deployment, Job …)
// is not seen by the worker; name such images to it. Registries are asked with the pull
// secrets of pods and their ServiceAccounts, not with a node's own rights.
//
// docs/design/017-images-at-admission.md has the reasons.
package images

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// Verdict is what is known of an image.
type Verdict struct {
	Rules    string           `json:"rules"`           // by what it was made: see Worker
	Scanned  int64            `json:"scanned"`         // when, in seconds since 1970
	Used     int64            `json:"used"`            // when it was last seen in the cluster, to a day
	Names    map[string]int64 `json:"names,omitempty"` // tags that stood for the digest, and since when that is known
	Findings []*leak.Finding  `json:"findings,omitempty"`
	More     int              `json:"more,omitempty"` // findings that are not listed
}

// maxFindings bounds a verdict: as many as an answer tells (package admit), and some.
const maxFindings = 20

// verdictOf takes of findings what is kept: the surest and gravest first, without values,
// and without what only a report tells.
func verdictOf(findings []*leak.Finding) (kept []*leak.Finding, more int) {
	doc := report.Document{Findings: findings}
	doc.Mask()
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b *leak.Finding) int {
		return cmp.Or(-cmp.Compare(a.Proof, b.Proof), -cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Rule, b.Rule))
	})
	for _, f := range sorted[:min(len(sorted), maxFindings)] {
		kept = append(kept, &leak.Finding{
			Sighting: leak.Sighting{Place: f.Place}, ID: f.ID, Rule: f.Rule, Key: f.Key, Hint: f.Hint, Parts: bare(f.Parts),
			Proof: f.Proof, Severity: f.Severity, Confidence: f.Confidence, Seen: f.Seen,
		})
	}
	return kept, len(sorted) - len(kept)
}

// bare are parts without what is not needed to judge: that they are there is.
func bare(parts []leak.Part) (out []leak.Part) {
	for _, p := range parts {
		out = append(out, leak.Part{Rule: p.Rule, Hint: p.Hint})
	}
	return out
}

// findings are the verdict's, as package admit wants them.
func (v *Verdict) findings() (out []admit.ImageFinding) {
	for _, f := range v.Findings {
		if f == nil || f.Place == nil { // somebody else wrote it
			continue
		}
		out = append(out, admit.ImageFinding{Place: f.Place, Known: admit.Known{
			Rule: f.Rule, Fingerprint: f.ID, Name: f.Key, Hint: f.Hint, Proof: f.Proof, Severity: f.Severity, Confidence: f.Confidence, Parts: len(f.Parts),
		}})
	}
	return out
}

// Verdicts lie in ConfigMaps of our own namespace: everybody has them, the webhook may
// read them anyway, and no CRD has to be there first. Sixteen of them, by a digest's first
// digit, keep each below the 1 MiB that a ConfigMap may have
// (https://kubernetes.io/docs/concepts/configuration/configmap/).
const (
	shardName  = "oakum-images-"
	shardLabel = admit.Domain + "/images"
	isVerdicts = "verdicts"
	shardBytes = 900_000
)

// shard is the ConfigMap of a digest.
func shard(digest string) (string, error) {
	_, hex, ok := strings.Cut(digest, ":")
	if !ok || hex == "" || !strings.Contains("0123456789abcdef", hex[:1]) {
		return "", fmt.Errorf("%q is no digest", digest)
	}
	return shardName + hex[:1], nil
}

// A ConfigMap's keys have no ':'.
func keyOf(digest string) string { return strings.Replace(digest, ":", ".", 1) }

func digestOf(key string) string { return strings.Replace(key, ".", ":", 1) }

// put puts a verdict into a shard's data, from which the verdicts go that were not used for
// the longest time until there is room.
func put(data map[string]string, digest string, v *Verdict) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write a verdict: %w", err)
	}
	if len(text) > shardBytes {
		return errors.New("write a verdict: it is too large")
	}
	data[keyOf(digest)] = string(text)
	size := 0
	for k, t := range data {
		size += len(k) + len(t)
	}
	for size > shardBytes {
		oldest, used := "", int64(0)
		for k, t := range data {
			if k == keyOf(digest) {
				continue
			}
			if u := usedOf(t); oldest == "" || u < used || u == used && k < oldest {
				oldest, used = k, u
			}
		}
		size -= len(oldest) + len(data[oldest])
		delete(data, oldest)
	}
	return nil
}

// usedOf is when a verdict was used; what is none was never.
func usedOf(text string) int64 {
	var v Verdict
	if json.Unmarshal([]byte(text), &v) != nil {
		return 0
	}
	return v.Used
}

// day is a time to the day: verdicts that are in use are written anew once a day.
func day(t time.Time) int64 { return t.Truncate(24 * time.Hour).Unix() }

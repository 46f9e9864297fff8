// Package audit judges what a cluster has already, as the webhook judges what asks to be
// admitted: by the same policy, by the levels of the same namespace labels, with the same
// exemptions. It tells it in oakum's own reports, and, where asked to, as Report objects
// of openreports.io beside the objects they are about.
//
// What it promises:
//
//   - Everything that can be listed is looked at, whatever its kind, with what is packed
//     in it (Helm releases, last-applied-configuration). Secrets are read only where the
//     caller asks for it. What may not be listed is a Gap that names the missing permission.
//   - No object of the cluster is changed but reports that carry our label. A report of
//     ours goes when its namespace has no more findings, and stays where not all of the
//     namespace could be looked at.
//   - Reports hold no value, failures only, one object a namespace, of a bounded size
//     (see [maxResults] and [maxBytes]): reports on every object have filled etcds.
//
// Its limits: it lists the cluster anew each time. A finding is judged by the object it
// is in: what a pod takes from a ConfigMap is told of the ConfigMap.
package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/webhook/cluster"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// Auditor knows how the namespaces of a cluster are judged.
type Auditor struct {
	admitter *admit.Admitter
	labels   map[string]map[string]string // by namespace
	notices  []report.Notice
}

// New asks the cluster for its namespaces' labels. Without them the defaults hold, and a
// notice says so.
func New(ctx context.Context, c *cluster.Client, admitter *admit.Admitter) (*Auditor, error) {
	a := &Auditor{admitter: admitter, labels: map[string]map[string]string{}}
	_, err := c.List(ctx, cluster.Namespaces, "", "", func(object []byte) error {
		var o struct {
			Metadata cluster.Meta `json:"metadata"`
		}
		if err := json.Unmarshal(object, &o); err != nil {
			return fmt.Errorf("read a namespace: %w", err)
		}
		a.labels[o.Metadata.Name] = o.Metadata.Labels
		for _, wrong := range admitter.WrongLabels(o.Metadata.Labels) {
			a.notices = append(a.notices, report.Notice{Code: report.NoticeConfig, Text: "namespace " + o.Metadata.Name + ": " + wrong})
		}
		return nil
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		a.notices = append(a.notices, report.Notice{Code: report.NoticeConfig,
			Text: fmt.Sprintf("the namespaces' labels are not known, so that the default levels hold in all of them: %v; the account needs the verb list on namespaces (a ClusterRole)", err)})
	}
	return a, nil
}

// By is how the command line is to judge findings.
func (a *Auditor) By() *cli.Audit {
	return &cli.Audit{
		Labels: func(namespace string) map[string]string { return a.labels[namespace] },
		Standing: func(f *leak.Finding, d leak.Decision) leak.Decision {
			namespace := namespaceOf(f)
			return a.admitter.Standing(namespace, a.labels[namespace], f, d)
		},
	}
}

// Notices are what there is to say of labels.
func (a *Auditor) Notices() []report.Notice { return a.notices }

func namespaceOf(f *leak.Finding) string {
	at, _ := f.Place.(leak.ObjectField)
	return at.Namespace
}

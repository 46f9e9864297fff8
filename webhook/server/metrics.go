package server

import (
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// metrics are the server's. Their labels are bounded, for whoever can reach the port can
// ask about whatever kind.
type metrics struct {
	requests   *prometheus.CounterVec   // hook, kind, operation, decision
	duration   *prometheus.HistogramVec // hook
	findings   *prometheus.CounterVec   // rule, path_class, verdict
	incomplete *prometheus.CounterVec   // reason
	exemptions *prometheus.CounterVec   // owner
	failed     *prometheus.CounterVec   // mode, reason
	panics     prometheus.Counter
	refused    prometheus.Counter
	inFlight   prometheus.Gauge
	ruleset    *prometheus.GaugeVec // version, rules, policy
	reloaded   prometheus.Gauge
	expiry     prometheus.Gauge
	ready      prometheus.Gauge

	kinds    bounded
	registry prometheus.Registerer
}

// buckets are from half a millisecond, what a usual pod takes, to the timeout of our hooks.
var buckets = []float64{.0005, .001, .002, .005, .01, .02, .035, .06, .1, .2, .5, 1, 2, 3}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "oakum_" + name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "oakum_" + name, Help: help}, labels)
		r.MustRegister(g)
		return g
	}
	m := &metrics{
		registry:   r,
		requests:   counter("admission_requests_total", "Reviews answered, by what was decided.", "hook", "kind", "operation", "decision"),
		findings:   counter("admission_findings_total", "Findings that were denied, warned of or written to the audit log.", "rule", "path_class", "verdict"),
		incomplete: counter("admission_incomplete_total", "Reviews of which not all was looked at.", "reason"),
		exemptions: counter("admission_exemptions_total", "Reviews that an exemption let pass.", "owner"),
		failed:     counter("admission_failed_total", "Reviews that could not be decided: admitted unseen (open), left to the API server's failurePolicy (closed, refused).", "mode", "reason"),
		panics:     counter("admission_panics_total", "Bugs that were caught while a review was looked at.").WithLabelValues(),
		refused:    counter("admission_overload_total", "Reviews that were sent away because too many were in flight.").WithLabelValues(),
		inFlight:   gauge("admission_in_flight", "Reviews that wait or are looked at.").WithLabelValues(),
		ruleset:    gauge("ruleset_info", "The rules and the policy that hold; always 1.", "version", "rules", "policy"),
		reloaded:   gauge("webhook_config_reload_successful", "Whether the configuration that lies on disk is the one that holds.").WithLabelValues(),
		expiry:     gauge("webhook_cert_expiry_seconds", "When the served certificate ends, in seconds since 1970.").WithLabelValues(),
		ready:      gauge("webhook_ready", "Whether the server is ready.").WithLabelValues(),
		kinds:      bounded{most: 100, seen: map[string]bool{}},
	}
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "oakum_admission_duration_seconds", Help: "How long a review took, from its header to its answer.", Buckets: buckets,
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
	}, []string{"hook"})
	r.MustRegister(m.duration)
	return m
}

// follows has the number of a kind's objects told whose contents are known by a verdict.
func (m *metrics) follows(kind string, w *watched) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "oakum_webhook_references", Help: "Objects of which it is known what pods would take from them.", ConstLabels: prometheus.Labels{"kind": kind},
	}, func() float64 { return float64(len(w.store.ListKeys())) }))
}

// answered counts an answer.
func (m *metrics) answered(hook string, a *admit.Answer, took time.Duration) {
	m.requests.WithLabelValues(hook, m.kinds.bound(a.Kind), operation(a.Operation), a.Decision).Inc()
	m.duration.WithLabelValues(hook).Observe(took.Seconds())
	for _, f := range a.Findings {
		m.findings.WithLabelValues(f.Rule, f.PathClass, f.Verdict).Inc()
	}
	if a.Incomplete != "" {
		m.incomplete.WithLabelValues(a.Incomplete).Inc()
	}
	if a.Exemption != "" {
		m.exemptions.WithLabelValues(a.Exemption).Inc()
	}
	if a.Incomplete == "panic" {
		m.panics.Inc()
	}
}

func operation(word string) string {
	switch word {
	case "CREATE", "UPDATE", "DELETE", "CONNECT":
		return strings.ToLower(word)
	}
	return "other"
}

// bounded lets so many words through, and calls further ones "other".
type bounded struct {
	most int
	lock sync.Mutex
	seen map[string]bool
}

func (b *bounded) bound(word string) string {
	b.lock.Lock()
	defer b.lock.Unlock()
	switch {
	case b.seen[word]:
		return word
	case len(b.seen) >= b.most || len(word) > 63: // a DNS label's length, which a kind's name has at most
		return "other"
	}
	b.seen[word] = true
	return word
}

// Package verify asks credentials' issuers whether they are live.
//
// A rule says how (rules.Verify): one request that reads and changes nothing, and
// what its answers mean. The outcome stands in the finding: valid, invalid, or
// unknown with the reason.
//
// Promises. A value goes to the host that its rule names, or that the user names
// in its place, and nowhere else: redirects are not followed, and addresses that
// are private, of this machine or link-local are not dialled. An AWS canary, a
// suppressed finding and an example are never asked about. A pair is asked about
// only where it is clear which two values belong together. No error, reason or log
// holds a value. One request at a time goes to a host, so many a second at most,
// and none after it asked for patience.
//
// Limits. The checks were written from the vendors' documentation. That one is
// invalid says what this host said: a token of a self-hosted instance is invalid,
// or unknown, everywhere else. Whoever runs the network sees which hosts are asked.
package verify

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// Options change how issuers are asked; the zero value is the default.
type Options struct {
	Agent     string              // User-Agent; "" is "oakum"
	Endpoints map[string]*url.URL // by a rule's host: whom to ask in its place, a self-hosted instance; may be private
	Timeout   time.Duration       // of a request, its answer included; 0: 10 seconds
	Pause     time.Duration       // between two requests to a host; 0: 200 ms
	Now       func() time.Time    // for signatures; nil: time.Now

	Proxy func(*http.Request) (*url.URL, error)                             // nil: as the environment says (HTTPS_PROXY, NO_PROXY)
	Dial  func(ctx context.Context, network, addr string) (net.Conn, error) // nil: TCP, but to no private address
}

const (
	defaultTimeout = 10 * time.Second // GitHub's API ends its own requests after as long
	defaultPause   = 200 * time.Millisecond
)

// Verifier asks. It is safe for concurrent use.
type Verifier struct {
	rules  map[string]*rules.Verify
	opt    Options
	client *http.Client
}

// New makes a Verifier of the rules' live checks, by rule id.
func New(checks map[string]*rules.Verify, opt Options) *Verifier {
	if opt.Agent == "" {
		opt.Agent = "oakum"
	}
	if opt.Timeout == 0 {
		opt.Timeout = defaultTimeout
	}
	if opt.Pause == 0 {
		opt.Pause = defaultPause
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Verifier{rules: checks, opt: opt, client: newClient(opt)}
}

// Hosts are those that Verify would ask about these findings, sorted, each with
// how many questions. The arguments are Verify's.
func (v *Verifier) Hosts(all []*leak.Finding, only func(*leak.Finding) bool) (hosts []string, questions map[string]int) {
	questions = map[string]int{}
	around := newNeighbours(all)
	for _, f := range v.about(all, only) {
		if _, why := ready(f, v.rules[f.Rule], around); why == "" {
			questions[v.host(v.rules[f.Rule])]++
		}
	}
	return slices.Sorted(maps.Keys(questions)), questions
}

// about are the findings that there is a check for. What somebody allowed is not
// sent around.
func (v *Verifier) about(all []*leak.Finding, only func(*leak.Finding) bool) (chosen []*leak.Finding) {
	for _, f := range all {
		if v.rules[f.Rule] != nil && f.Suppressed == nil && (only == nil || only(f)) {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// ready gives what a question needs beside the value, or says why it is not asked.
func ready(f *leak.Finding, check *rules.Verify, around *neighbours) (p pair, why string) {
	if leak.Planted(f.Notes) != "" {
		return p, "a canary: its maker is told of every use"
	}
	return around.pair(f, check)
}

// host is whom a check asks.
func (v *Verifier) host(check *rules.Verify) string {
	if to := v.opt.Endpoints[check.Host()]; to != nil {
		return to.Host
	}
	return check.Host()
}

// Verify asks about each finding for whose rule there is a check and sets its Live.
// all are the findings of the scan, by which pairs are told apart; those of them
// that only holds for are asked about, nil: all. Hosts are asked side by side, a
// host one question after the other, in the findings' order. Where ctx ends, what
// was not asked is unknown.
func (v *Verifier) Verify(ctx context.Context, all []*leak.Finding, only func(*leak.Finding) bool) {
	byHost := map[string][]*leak.Finding{}
	for _, f := range v.about(all, only) {
		host := v.host(v.rules[f.Rule])
		byHost[host] = append(byHost[host], f)
	}
	around := newNeighbours(all)
	var asked sync.WaitGroup
	for host, findings := range byHost {
		asked.Go(func() {
			line := &line{host: host, pause: v.opt.Pause, known: map[[32]byte]*leak.Verification{}}
			for _, f := range findings {
				f.Live = v.one(ctx, line, f, around)
			}
		})
	}
	asked.Wait()
}

// one asks about one finding, or says why not.
func (v *Verifier) one(ctx context.Context, l *line, f *leak.Finding, around *neighbours) *leak.Verification {
	check := v.rules[f.Rule]
	pair, why := ready(f, check, around)
	if why != "" {
		return unknown(why)
	}
	q := question{check: check, at: v.opt.Endpoints[check.Host()], agent: v.opt.Agent, now: v.opt.Now()}
	req, key, why := q.request(ctx, f, pair)
	if why != "" {
		return unknown(why)
	}
	return l.ask(ctx, key, func() (*leak.Verification, time.Duration) { return v.send(req, check) })
}

func unknown(why string) *leak.Verification { return &leak.Verification{Reason: why} }

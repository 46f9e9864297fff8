package admit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
)

// Options say what an Admitter judges by. Rules and Policy are required.
type Options struct {
	Rules  *rules.Set
	Known  scanner.Known // values to find beside what rules find; nil: none
	Policy Policy

	Defaults    Modes       // of namespaces without our labels; zero: DefaultModes
	Exempt      []Exemption // from a configuration, never from the object
	Controllers []string    // users that act as kube-system's controllers do, see Controlled
	Controlled  Controlled
	EKS         bool // the cluster is known to run on EKS: no hint in the object is needed

	Namespaces Namespaces // nil: no labels are known
	References References // nil: references are not followed
	Images     Images     // nil: images are not asked about

	UnknownImages string // UnknownDeny: pods wait until their images are scanned

	Jobs int              // objects looked at at once; 0: GOMAXPROCS
	Now  func() time.Time // nil: time.Now
}

// Policy decides what a finding means. A *policy.Policy is one.
type Policy interface {
	Decide(ctx context.Context, c policy.Context, findings []*leak.Finding, gaps []*leak.Gap) (policy.Result, error)
}

// Namespaces knows namespaces' labels. It is asked in the request's path and answers
// from memory; false: no such namespace, or not known yet.
type Namespaces interface {
	Labels(name string) (map[string]string, bool)
}

// References knows what is in the objects that pods refer to, from memory: what
// [Admitter.Verdict] said of them when they were last seen. false: there is none, it is
// not known yet, or it may not be read.
type References interface {
	ConfigMap(namespace, name string) (Verdict, bool)
	Secret(namespace, name string) (Verdict, bool)
}

// Controlled is what becomes of an object that a controller made from a template, and
// the template is what a user wrote: a pod of a ReplicaSet, a Job of a CronJob. The
// template was judged when it came, or it is older than we are: refusing its copies then
// stops what runs, at the next drained node.
type Controlled string

const (
	ControlledWarn Controlled = "warn" // the default: admitted, with a warning and an audit annotation
	ControlledDeny Controlled = "deny" // judged by itself; for failure mode fail, where a template may have slipped by
)

// Exemption lets findings pass that would be denied or warned of. It is configured by
// whoever runs the webhook, has an owner and an end, and is told in the audit log each
// time that it holds. All kinds of conditions that are given must hold; one of each
// kind's list is enough.
type Exemption struct {
	Namespaces   []string  `json:"namespaces,omitempty"`
	Users        []string  `json:"users,omitempty"`        // user names, as "system:serviceaccount:ci:deployer"
	Groups       []string  `json:"groups,omitempty"`       // of the user
	Fingerprints []string  `json:"fingerprints,omitempty"` // of findings; none: all of the object's
	Owner        string    `json:"owner"`                  // who answers for it
	Reason       string    `json:"reason,omitempty"`
	Expires      time.Time `json:"expires"` // it no longer holds from here on
}

// Valid tells what an exemption lacks.
func (e *Exemption) Valid() error {
	switch {
	case e.Owner == "":
		return errors.New("an exemption needs an owner: say who answers for it")
	case e.Expires.IsZero():
		return fmt.Errorf("the exemption of %s never ends: give it an expiry", e.Owner)
	case len(e.Namespaces)+len(e.Users)+len(e.Groups)+len(e.Fingerprints) == 0:
		return fmt.Errorf("the exemption of %s is for everything: name namespaces, users, groups or fingerprints", e.Owner)
	}
	return nil
}

// Admitter answers admission reviews. It is safe for concurrent use.
type Admitter struct {
	opt   Options
	slots chan *slot // as many as may look at once
	pins  pins
	key   []byte                 // of tags, for this process only
	ours  func() map[string]bool // the ids of the built-in rules
}

// New makes an Admitter. Its error names what is missing or wrong in the options.
func New(opt Options) (*Admitter, error) {
	if opt.Rules == nil || opt.Policy == nil {
		return nil, errors.New("an admitter needs rules and a policy")
	}
	for i := range opt.Exempt {
		if err := opt.Exempt[i].Valid(); err != nil {
			return nil, err
		}
	}
	pins := readPins(sinceText)
	if err := opt.settle(&pins); err != nil {
		return nil, err
	}
	a := &Admitter{opt: opt, pins: pins, slots: make(chan *slot, opt.Jobs), key: newKey()}
	a.ours = sync.OnceValue(func() map[string]bool { return builtIn(opt.Rules) })
	scans := scans(opt.Rules, opt.Known)
	for range opt.Jobs {
		a.slots <- &slot{Single: scans.Single()}
	}
	return a, nil
}

// settle puts defaults in the place of what is not given.
func (o *Options) settle(p *pins) error {
	if o.Defaults == (Modes{}) {
		o.Defaults = DefaultModes
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch o.Controlled {
	case "":
		o.Controlled = ControlledWarn
	case ControlledWarn, ControlledDeny:
	default:
		return fmt.Errorf("objects of controllers are to be %q: it is %q or %q", o.Controlled, ControlledWarn, ControlledDeny)
	}
	return o.Defaults.valid(p)
}

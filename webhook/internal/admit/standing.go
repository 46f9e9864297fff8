package admit

import (
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// Standing is what a finding comes to in an object that a cluster has already: what it
// would lead to if the object came now, by its namespace's labels, the defaults and the
// exemptions. What the namespace only keeps for its audit log is warned of. Exemptions
// by user are about requests and say nothing here.
//
// It is for the audit; [Admitter.Review] judges by the same levels.
func (a *Admitter) Standing(namespace string, labels map[string]string, f *leak.Finding, d leak.Decision) leak.Decision {
	level, counts := tier(f, d.Verdict)
	if !counts {
		return leak.Decision{Verdict: leak.Allow, Reason: d.Reason}
	}
	modes, _ := a.opt.Defaults.labelled(labels, &a.pins)
	to, note := a.leads(modes, f.Rule, level)
	if note != "" {
		d.Reason += "; " + note
	}
	if e := a.exemptStanding(namespace, f.ID); e != nil && to != nothing {
		return leak.Decision{Verdict: leak.Allow, Reason: d.Reason + "; exempt " + e.told()}
	}
	switch to {
	case denied:
		d.Verdict = leak.Deny
	case warned:
		d.Verdict = leak.Warn
	case audited:
		d.Verdict, d.Reason = leak.Warn, d.Reason+"; its namespace only audits it"
	default:
		d.Verdict, d.Reason = leak.Allow, d.Reason+"; its namespace's level is below it"
	}
	return d
}

// WrongLabels says what of a namespace's labels is not understood.
func (a *Admitter) WrongLabels(labels map[string]string) []string {
	_, wrong := a.opt.Defaults.labelled(labels, &a.pins)
	return wrong
}

func (a *Admitter) exemptStanding(namespace, fingerprint string) *Exemption {
	r, now := request{namespace: namespace}, a.opt.Now()
	i := slices.IndexFunc(a.opt.Exempt, func(e Exemption) bool {
		return len(e.Users)+len(e.Groups) == 0 && e.holds(&r, now) && (len(e.Fingerprints) == 0 || slices.Contains(e.Fingerprints, fingerprint))
	})
	if i < 0 {
		return nil
	}
	return &a.opt.Exempt[i]
}

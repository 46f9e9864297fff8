package admit

import (
	"fmt"
	"slices"
	"time"
)

// holds tells whether an exemption is for this request, whatever its findings are.
func (e *Exemption) holds(r *request, now time.Time) bool {
	if !now.Before(e.Expires) {
		return false
	}
	if len(e.Namespaces) > 0 && !slices.Contains(e.Namespaces, r.namespace) || len(e.Users) > 0 && !slices.Contains(e.Users, r.user.Name) {
		return false
	}
	return len(e.Groups) == 0 || slices.ContainsFunc(e.Groups, func(g string) bool { return slices.Contains(r.user.Groups, g) })
}

// told is what the audit log says of an exemption.
func (e *Exemption) told() string {
	s := fmt.Sprintf("by %s until %s", e.Owner, e.Expires.UTC().Format(time.DateOnly))
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// exemptWhole is the exemption that lets a request pass as it is.
func (a *Admitter) exemptWhole(r *request) *Exemption {
	now := a.opt.Now()
	for i := range a.opt.Exempt {
		if e := &a.opt.Exempt[i]; len(e.Fingerprints) == 0 && e.holds(r, now) {
			return e
		}
	}
	return nil
}

// exempted tells whether a finding is exempt, and notes it.
func (a *Admitter) exempted(m *matter, fingerprint string) bool {
	now := a.opt.Now()
	for i := range a.opt.Exempt {
		e := &a.opt.Exempt[i]
		if !slices.Contains(e.Fingerprints, fingerprint) || !e.holds(&m.request, now) {
			continue
		}
		if told := fingerprint + " " + e.told(); !slices.Contains(m.exempted, told) {
			m.exempted = append(m.exempted, told)
		}
		return true
	}
	return false
}

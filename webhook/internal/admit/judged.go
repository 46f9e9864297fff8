package admit

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The keys of audit annotations. An API server puts the webhook's name and a '/' before
// them, which makes them qualified names: letters, digits, '-', '_' and '.', at most 63.
const (
	AuditDecision   = "decision"   // deny, warn, audit
	AuditFindings   = "findings"   // JSON: what was found, without values
	AuditExisting   = "existing"   // how many findings were there before
	AuditEnforce    = "enforce"    // the namespace's level and rules version
	AuditExempt     = "exempt"     // which exemption let it pass
	AuditControlled = "controlled" // the controller whose object it is
	AuditIncomplete = "incomplete" // why not all was looked at
	AuditError      = "error"      // why there was no decision
)

// maxTold is how many findings are told one by one; further ones are counted.
const maxTold = 10

func (m *matter) denies() bool {
	for _, c := range m.charges {
		if c.action == denied {
			return true
		}
	}
	return false
}

// passed is the answer where there is nothing to say. It has no annotations, for most
// reviews are like that, and audit logs are large.
func (n Answer) passed(decision string) Answer {
	n.Decision = decision
	n.Body = encode(&admissionv1.AdmissionResponse{UID: types.UID(n.UID), Allowed: true})
	return n
}

func (n Answer) failed(why string, err error) Answer {
	n.Decision, n.Incomplete, n.Err, n.Body = DecisionError, why, err, nil
	return n
}

func (n Answer) exempt(e *Exemption) Answer {
	n.Decision = DecisionExempt
	n.Body = encode(&admissionv1.AdmissionResponse{UID: types.UID(n.UID), Allowed: true,
		AuditAnnotations: map[string]string{AuditExempt: clip(e.told(), maxAnnotation)}})
	return n
}

// judged is the answer to what was looked at.
func (n Answer) judged(m *matter, eks bool) Answer {
	var told []charge
	worst := nothing
	for _, c := range m.charges {
		if c.before {
			m.existing++
		}
		if c.action == nothing {
			continue
		}
		worst = max(worst, c.action)
		told = append(told, c)
		n.Findings = append(n.Findings, Seen{Rule: c.Rule, PathClass: pathClass(c.place()), Verdict: c.action.String()})
	}
	if len(told)+len(m.exempted)+len(m.wrong) == 0 {
		return n.passed(DecisionAllow)
	}
	response := &admissionv1.AdmissionResponse{UID: types.UID(n.UID), Allowed: worst != denied}
	w := writer{matter: m, charges: told, eks: eks}
	response.AuditAnnotations = n.annotations(m, told, worst, &w)
	response.Warnings = w.warnings(worst == denied)
	switch {
	case worst == denied:
		n.Decision = DecisionDeny
		response.Result = w.refusal()
	case worst == nothing && len(m.exempted) > 0:
		n.Decision, n.Exemption = DecisionExempt, "fingerprint"
	default:
		n.Decision = DecisionWarn
	}
	n.Body = encode(response)
	return n
}

func (n *Answer) annotations(m *matter, told []charge, worst action, w *writer) map[string]string {
	notes := map[string]string{}
	if len(told) > 0 {
		notes[AuditDecision], notes[AuditFindings] = worst.String(), w.listed()
		notes[AuditEnforce] = m.modes.Enforce.String()
	}
	if m.existing > 0 {
		notes[AuditExisting] = fmt.Sprint(m.existing)
	}
	if len(m.exempted) > 0 {
		notes[AuditExempt] = w.safe(strings.Join(m.exempted, "; "), maxAnnotation)
	}
	if m.controlled {
		notes[AuditControlled] = clip(m.user.Name, maxAnnotation)
	}
	if n.Incomplete != "" {
		notes[AuditIncomplete] = n.Incomplete
	}
	return notes
}

// listed is what the audit log holds of findings.
func (w *writer) listed() string {
	type entry struct {
		Field       string `json:"field"`
		Rule        string `json:"rule"`
		Fingerprint string `json:"fingerprint"`
		Verdict     string `json:"verdict"`
		Reason      string `json:"reason,omitempty"`
		Note        string `json:"note,omitempty"`
	}
	list := []entry{}
	for _, c := range w.charges[:min(len(w.charges), maxTold)] {
		list = append(list, entry{w.safe(c.place(), maxPath), c.Rule, c.ID, c.action.String(), w.safe(c.reason, maxReason), c.note})
	}
	text, err := json.Marshal(list)
	if err != nil { // strings alone
		return ""
	}
	return string(text)
}

// refusal is the status that a client gets: Forbidden, as Pod Security Admission answers.
func (w *writer) refusal() *metav1.Status {
	status := &metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden,
		Message: w.message(), Details: &metav1.StatusDetails{Group: w.group, Kind: w.kind, Name: w.name},
	}
	for _, c := range w.charges[:min(len(w.charges), maxTold)] {
		if c.action == denied {
			status.Details.Causes = append(status.Details.Causes, metav1.StatusCause{
				Type: metav1.CauseTypeFieldValueInvalid, Field: w.safe(c.place(), maxPath), Message: c.Rule + " " + c.ID,
			})
		}
	}
	return status
}

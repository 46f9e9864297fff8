package admit

import (
	"encoding/json"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/oakum-sec/oakum/leak"
)

// The decisions that an Answer tells, for metrics.
const (
	DecisionAllow  = "allow"  // looked at, nothing to say
	DecisionWarn   = "warn"   // admitted, with warnings or a note in the audit log
	DecisionDeny   = "deny"   // refused
	DecisionSkip   = "skip"   // there was nothing to look at
	DecisionExempt = "exempt" // admitted by an exemption
	DecisionError  = "error"  // no decision: Err says why
)

// Answer is what a review came to.
type Answer struct {
	Body []byte // the AdmissionReview to answer with, in JSON; nil where Err is set

	UID, Kind, Namespace, Operation string // of the request, as far as they could be read
	DryRun                          bool

	Decision   string // one of the Decision… constants
	Findings   []Seen // that denied or were warned of
	Incomplete string // why not all was looked at, in a word for metrics; ""
	Exemption  string // the owner of the one that held; ""
	Err        error  // our own fault: the failure mode decides
}

// Seen is a finding for metrics.
type Seen struct {
	Rule      string
	PathClass string // where it stood: "env", "args", "annotation", "data", …
	Verdict   string // "deny", "warn" or "audit"
}

// Verdict is what is known of an object that others refer to. It holds no value.
type Verdict struct {
	UID             string
	ResourceVersion string
	Findings        []Known
}

// Known is a finding in such an object.
type Known struct {
	Rule        string
	Fingerprint string
	Field       string // "data.AWS_SECRET_ACCESS_KEY"
	Key         string // of the object's data: what configMapKeyRef names
	Name        string // what the value stood under
	Hint        string // what may be shown of it, see leak.Finding
	Proof       leak.Proof
	Severity    leak.Severity
	Confidence  float64
	Parts       int // how many further values make it whole: the secret key beside an access key's id
}

// Failed is the answer of failure mode ignore: admitted, with a warning to the user
// and an audit annotation, so that it is seen. why may be nil.
func Failed(uid string, why error) []byte {
	word := "error"
	if why != nil {
		word = why.Error()
	}
	return encode(&admissionv1.AdmissionResponse{
		UID:              types.UID(uid),
		Allowed:          true,
		Warnings:         []string{warning("oakum could not look for secrets in this object; it was admitted unseen: " + word)},
		AuditAnnotations: map[string]string{AuditError: clip(word, maxAnnotation)},
	})
}

// encode is the whole review that an API server expects back.
func encode(r *admissionv1.AdmissionResponse) []byte {
	body, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Response: r,
	})
	if err != nil { // strings, maps of strings and numbers: there is nothing that it could choke on
		return nil
	}
	return body
}

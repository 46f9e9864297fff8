package admit_test

import (
	"bytes"
	"encoding/json"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// Whatever the body: there is an answer and it carries the UID that a decoder reads; what
// is answered is a review that an API server takes; and an object that is what it was is
// never refused.
func FuzzReview(f *testing.F) {
	seeds := 0
	add := func(body []byte) {
		f.Add(body)
		seeds++
	}
	for i, c := range fixtures(f) {
		if i%6 != 0 {
			continue
		}
		body, err := c.Review(uid)
		if err != nil {
			f.Fatal(err)
		}
		add(body)
	}
	add(review("UPDATE", object("", awsEnv(1)), object("", awsEnv(1))))
	add(review("UPDATE", object(`"a":"b"`, awsEnv(1)), object("", awsEnv(1))))
	add(review("UPDATE", object("", awsEnv(1), awsEnv(2)), object("", awsEnv(1))))
	add(review("DELETE", "null", object("", awsEnv(1))))
	add([]byte(`{"request":{"uid":"a","uid":"b"},"Request":{"UID":"c"}}`))
	add([]byte(`{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"x","operation":"CREATE","object":{"kind":"List","items":[{}]}}}`))
	if seeds < 30 {
		f.Fatalf("%d seeds", seeds)
	}
	a := admitter(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		answer := a.Review(t.Context(), body)
		if want, ok := uidByDecoder(body); ok && answer.UID != want {
			t.Fatalf("uid %q, a decoder reads %q", answer.UID, want)
		}
		if answer.Err != nil {
			if answer.Body != nil || answer.Incomplete == "" || answer.Decision != admit.DecisionError {
				t.Fatalf("%+v", answer)
			}
			taken(t, admit.Failed(answer.UID, answer.Err), answer.UID)
			return
		}
		r := taken(t, answer.Body, answer.UID)
		if !r.Allowed && unchanged(body) {
			t.Errorf("an object that is what it was is refused: %s", r.Result.Message)
		}
	})
}

// taken checks an answer as an API server does (k8s.io/apiserver, webhook/request).
func taken(t *testing.T, body []byte, uid string) *admissionv1.AdmissionResponse {
	t.Helper()
	var r admissionv1.AdmissionReview
	if err := json.Unmarshal(body, &r); err != nil || r.Response == nil || r.APIVersion != "admission.k8s.io/v1" || r.Kind != "AdmissionReview" {
		t.Fatalf("%v in %q", err, body)
	}
	if string(r.Response.UID) != uid || len(r.Response.Patch) > 0 || !r.Response.Allowed && (r.Response.Result == nil || r.Response.Result.Code != 403) {
		t.Fatalf("%+v", r.Response)
	}
	return r.Response
}

// uidByDecoder is the UID that encoding/json reads with the keys spelled as they are; ok
// where there is one in a whole document.
func uidByDecoder(body []byte) (uid string, ok bool) {
	var review map[string]json.RawMessage
	var request map[string]json.RawMessage
	if json.Unmarshal(body, &review) != nil || json.Unmarshal(review["request"], &request) != nil {
		return "", false
	}
	ok = json.Unmarshal(request["uid"], &uid) == nil && uid != ""
	return uid, ok
}

// unchanged tells an update whose two objects are one.
func unchanged(body []byte) bool {
	var review struct {
		Request struct {
			Operation         string
			Object, OldObject json.RawMessage
		}
	}
	return json.Unmarshal(body, &review) == nil && review.Request.Operation == "UPDATE" && bytes.Equal(review.Request.Object, review.Request.OldObject)
}

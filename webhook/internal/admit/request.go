package admit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// request is what a review asks (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request),
// its objects divided and else left as they came.
type request struct {
	uid                      string
	group, kind              string
	subresource              string
	namespace, name          string
	operation                string
	user                     policy.User
	dryRun                   bool
	object, oldObject        object
	apiVersion, documentKind string // of the review itself
}

// The operations that bring text.
const (
	create = "CREATE"
	update = "UPDATE"
)

// reviewVersion is the one version of reviews that there is; v1beta1 was removed with
// Kubernetes 1.22.
const reviewVersion = "admission.k8s.io/v1"

// read takes a review apart, in one pass. What could be read is returned beside an error.
func read(body []byte) (r request, err error) {
	asked := false
	_, err = rawjson.Each(body, func(key, rest []byte) int {
		switch string(key) {
		case "apiVersion":
			r.apiVersion = rawjson.String(rawjson.Value(rest))
		case "kind":
			r.documentKind = rawjson.String(rawjson.Value(rest))
		case "request":
			asked = true
			return r.read(rest)
		}
		return rawjson.Size(rest)
	})
	if !asked { // it may stand behind the break
		r.read(brokenRequest(body))
	}
	if r.uid == "" {
		r.uid = uidAnyhow(body)
	}
	switch {
	case err != nil || !asked:
		return r, errors.New("the review is broken JSON")
	case r.apiVersion != reviewVersion || r.documentKind != "AdmissionReview":
		return r, fmt.Errorf("the body is no AdmissionReview of %s", reviewVersion)
	case r.uid == "":
		return r, errors.New("the review has no uid")
	}
	return r, nil
}

// read reads the request that text begins with, the last one's where there are two, as
// decoders do. It tells how many bytes that has, less than 0 where it is broken.
func (r *request) read(text []byte) int {
	*r = request{apiVersion: r.apiVersion, documentKind: r.documentKind}
	size, err := rawjson.Each(text, r.field)
	if err != nil {
		return -1
	}
	return size
}

func (r *request) field(key, rest []byte) (size int) {
	switch string(key) {
	case "object":
		r.object, size = divide(rest)
		return size
	case "oldObject":
		r.oldObject, size = divide(rest)
		return size
	}
	value := rawjson.Value(rest)
	switch string(key) {
	case "uid":
		r.uid = rawjson.String(value)
	case "kind":
		r.group, r.kind = rawjson.String(rawjson.Field(value, "group")), rawjson.String(rawjson.Field(value, "kind"))
	case "subResource":
		r.subresource = rawjson.String(value)
	case "namespace":
		r.namespace = rawjson.String(value)
	case "name":
		r.name = rawjson.String(value)
	case "operation":
		r.operation = rawjson.String(value)
	case "userInfo":
		r.user = policy.User{Name: rawjson.String(rawjson.Field(value, "username"))}
		rawjson.Elements(rawjson.Field(value, "groups"), func(_ int, group []byte) bool {
			r.user.Groups = append(r.user.Groups, rawjson.String(group))
			return true
		})
	case "dryRun":
		r.dryRun = string(value) == "true"
	}
	return rawjson.Size(rest)
}

// envelope is how far into a body the request begins at most: kind and version stand
// before it.
const envelope = 1 << 10

// brokenRequest is where the request begins in a body that ends in the middle of it.
func brokenRequest(body []byte) []byte {
	key := []byte(`"request"`)
	at := bytes.Index(body[:min(len(body), envelope)], key)
	if at < 0 {
		return nil
	}
	return bytes.TrimLeft(body[at+len(key):], " \t\r\n:")
}

// uidAnyhow reads a UID as decoders that forgive do: whatever the case of the keys.
func uidAnyhow(body []byte) string {
	var review struct {
		Request struct {
			UID string `json:"uid"`
		} `json:"request"`
	}
	if json.Unmarshal(body, &review) != nil {
		return ""
	}
	return review.Request.UID
}

// UIDOf is the UID of the review in body, whatever else is wrong with it; "" where
// there is none.
func UIDOf(body []byte) string {
	r, _ := read(body)
	return r.uid
}

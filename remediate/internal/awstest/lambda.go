package awstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// Lambda speaks REST: its actions are methods and paths
// (https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html). moto gives
// functions no RevisionId and does not look at the one that it is sent; the gate does
// both.

var (
	lambdaPath = regexp.MustCompile(`^/2015-03-31/functions/([^/]+)/(configuration|versions|aliases)(/[^/]+)?$`)
	lambdaVerb = map[string]string{
		"GET configuration": "GetFunctionConfiguration", "PUT configuration": "UpdateFunctionConfiguration",
		"POST versions": "PublishVersion", "GET aliases": "GetAlias", "PUT aliases": "UpdateAlias", "POST aliases": "CreateAlias",
	}
)

func lambdaAction(r *http.Request) string {
	m := lambdaPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return ""
	}
	return lambdaVerb[r.Method+" "+m[2]]
}

// function is the name of the one that a request is about.
func function(r *http.Request) string {
	m := lambdaPath.FindStringSubmatch(r.URL.Path)
	if m == nil {
		return ""
	}
	return m[1][strings.LastIndex(m[1], ":")+1:]
}

// revision refuses a change of another revision than the one that the caller knows, and
// counts those that go on.
func (g *Gate) revision(w http.ResponseWriter, r *http.Request, action string, body []byte) bool {
	if action != "UpdateFunctionConfiguration" && action != "PublishVersion" {
		return true
	}
	var in struct{ RevisionId string }
	if json.Unmarshal(body, &in) != nil {
		return true
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	name := function(r)
	if in.RevisionId != "" && in.RevisionId != revisionID(g.revisions[name]) {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailedException", "The RevisionId provided does not match the latest RevisionId.")
		return false
	}
	if action == "UpdateFunctionConfiguration" {
		g.revisions[name]++
	}
	return true
}

func revisionID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// withRevision is an answer about a function with its revision.
func (g *Gate) withRevision(r *http.Request, action string, text []byte) []byte {
	if !strings.HasSuffix(action, "FunctionConfiguration") {
		return text
	}
	var m map[string]any
	if json.Unmarshal(text, &m) != nil || m["FunctionName"] == nil {
		return text
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	m["RevisionId"] = revisionID(g.revisions[function(r)])
	out, err := json.Marshal(m)
	if err != nil {
		return text
	}
	return out
}

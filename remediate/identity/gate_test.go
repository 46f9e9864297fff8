package identity

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// gate stands before moto and mends what that is not right about, as far as a run
// would pass or fail for the wrong reason: refusals get the shape of their service, a
// function's RevisionId is compared, deployments and updates take a while. It serves
// Pod Identity associations, which moto has not, from the API's documentation, and can
// lose replies and throttle.
type gate struct {
	moto     string
	url      string
	operator string // id of the key that may do everything

	lock      sync.Mutex
	calls     []string // "IAM CreateRole"
	faults    []fault
	busy      map[string]int                         // looks until a change of a service or function is through
	revisions map[string]int                         // of functions
	pods      map[string]map[string]any              // associations by id
	tokens    map[string]string                      // ids by ClientRequestToken
	answers   map[string]func([]byte) (int, string)  // in moto's place, by action
	invoke    func(function string) (string, string) // what a function prints
}

// fault is what befalls the next call of an action.
type fault struct {
	action string // "" is any
	lost   bool
	status int
	code   string
	words  string
}

func newGate(t testing.TB, moto string) *gate {
	g := &gate{moto: moto, busy: map[string]int{}, revisions: map[string]int{}, pods: map[string]map[string]any{}, tokens: map[string]string{}, answers: map[string]func([]byte) (int, string){}}
	s := httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(s.Close)
	g.url = s.URL
	refuse := func(action string) func([]byte) (int, string) {
		return func([]byte) (int, string) {
			return 403, "AccessDenied: not authorized to perform: " + action
		}
	}
	g.answers["SimulateCustomPolicy"], g.answers["CheckNoNewAccess"] = refuse("iam:SimulateCustomPolicy"), refuse("access-analyzer:CheckNoNewAccess")
	return g
}

// request is a call as the gate sees it.
type request struct {
	service, action string
	body            []byte
	*http.Request
}

var scope = regexp.MustCompile(`Credential=[^/]+/\d+/[^/]+/([^/]+)/`)

func readRequest(r *http.Request) (*request, error) {
	body, err := io.ReadAll(r.Body)
	q := &request{body: body, Request: r}
	if m := scope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		q.service = m[1]
	}
	_, q.action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if form, err := url.ParseQuery(string(body)); err == nil && q.action == "" && form.Get("Action") != "" {
		q.action = form.Get("Action")
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	last := parts[len(parts)-1]
	switch {
	case q.service == "lambda" && last == "configuration" && r.Method == http.MethodPut:
		q.action = "UpdateFunctionConfiguration"
	case q.service == "lambda" && last == "configuration":
		q.action = "GetFunctionConfiguration"
	case q.service == "lambda" && last == "invocations":
		q.action = "Invoke"
	case q.service == "lambda" && last == "aliases":
		q.action = "ListAliases"
	case q.service == "eks" && strings.Contains(r.URL.Path, "pod-identity-associations"):
		q.action = map[string]string{"POST": "Create", "GET": "Describe", "DELETE": "Delete"}[r.Method] + "PodIdentityAssociation"
		if r.Method == http.MethodGet && last == "pod-identity-associations" {
			q.action = "ListPodIdentityAssociations"
		}
	case q.service == "eks" && strings.Contains(r.URL.Path, "/addons/"):
		q.action = "DescribeAddon"
	case q.service == "access-analyzer":
		q.action = "CheckNoNewAccess"
	}
	return q, err
}

func (g *gate) serve(w http.ResponseWriter, r *http.Request) {
	q, err := readRequest(r)
	if err != nil {
		return
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	g.calls = append(g.calls, q.service+" "+q.action)
	f := g.next(q.action)
	if f.status != 0 {
		code := f.code
		if code == "" {
			code = map[int]string{429: "ThrottlingException", 500: "InternalFailure", 503: "ServiceUnavailable"}[f.status]
		}
		q.refuse(w, f.status, code, cmp.Or(f.words, "told so by a test"))
		return
	}
	status, header, body := g.answer(q)
	if f.lost {
		panic(http.ErrAbortHandler) // done, and the connection ends without an answer
	}
	for k, v := range header {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	if code, words, ok := refusal(body); status >= 400 && ok {
		q.refuse(w, status, code, words)
		return
	}
	w.WriteHeader(status)
	w.Write(body)
}

func (g *gate) next(action string) fault {
	for i, f := range g.faults {
		if f.action == "" || f.action == action {
			g.faults = append(g.faults[:i:i], g.faults[i+1:]...)
			return f
		}
	}
	return fault{}
}

func (g *gate) answer(q *request) (int, http.Header, []byte) {
	if own, ok := g.answers[q.action]; ok {
		status, text := own(q.body)
		return status, http.Header{"Content-Type": {"application/json"}}, []byte(text)
	}
	parts := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	switch {
	case strings.Contains(q.action, "PodIdentityAssociation"):
		return g.pod(q, parts)
	case q.action == "Invoke":
		text, failed := g.invoke(parts[2])
		h := http.Header{}
		if failed != "" {
			h.Set("X-Amz-Function-Error", failed)
		}
		return 200, h, []byte(text)
	case q.action == "UpdateFunctionConfiguration":
		var in struct{ RevisionId string }
		json.Unmarshal(q.body, &in)
		if in.RevisionId != g.revision(parts[2]) {
			return 412, nil, []byte("PreconditionFailedException: The RevisionId provided does not match the latest one.")
		}
		status, h, body := g.pass(q)
		if status < 300 {
			g.revisions[parts[2]]++
			g.busy[parts[2]] = 1
		}
		return status, h, body
	case q.action == "GetFunctionConfiguration":
		return g.function(q, parts[2])
	case q.action == "UpdateService":
		status, h, body := g.pass(q)
		var in struct{ Service string }
		if json.Unmarshal(q.body, &in) == nil && status < 300 {
			g.busy[in.Service] = 1
		}
		return status, h, body
	case q.action == "DescribeServices":
		return g.services(q)
	}
	return g.pass(q)
}

func (g *gate) revision(function string) string {
	return fmt.Sprint("revision-", g.revisions[function])
}

func (g *gate) function(q *request, name string) (int, http.Header, []byte) {
	status, h, body := g.pass(q)
	var out map[string]any
	if json.Unmarshal(body, &out) != nil || status >= 300 {
		return status, h, body
	}
	out["RevisionId"] = g.revision(name)
	if g.busy[name] > 0 {
		g.busy[name]--
		out["LastUpdateStatus"] = "InProgress"
	}
	body, _ = json.Marshal(out)
	return status, h, body
}

// services gives what runs the deployments that ECS would have (API Reference,
// "Deployment"): for moto a service's task definition changes, and no deployment does.
func (g *gate) services(q *request) (int, http.Header, []byte) {
	status, h, body := g.pass(q)
	var out map[string]any
	if json.Unmarshal(body, &out) != nil || status >= 300 {
		return status, h, body
	}
	for _, one := range out["services"].([]any) {
		s := one.(map[string]any)
		primary := map[string]any{"status": "PRIMARY", "taskDefinition": s["taskDefinition"], "rolloutState": "COMPLETED"}
		s["deployments"] = []any{primary}
		if name := s["serviceName"].(string); g.busy[name] > 0 {
			g.busy[name]--
			primary["rolloutState"] = "IN_PROGRESS"
			s["deployments"] = []any{primary, map[string]any{"status": "ACTIVE", "rolloutState": "COMPLETED"}}
		}
	}
	body, _ = json.Marshal(out)
	return status, h, body
}

// pod serves associations (Amazon EKS API Reference, "CreatePodIdentityAssociation"
// and those beside it).
func (g *gate) pod(q *request, parts []string) (int, http.Header, []byte) {
	reply := func(v any) (int, http.Header, []byte) {
		body, _ := json.Marshal(v)
		return 200, http.Header{"Content-Type": {"application/json"}}, body
	}
	missing := func() (int, http.Header, []byte) {
		return 404, nil, []byte("ResourceNotFoundException: The association was not found.")
	}
	if !strings.Contains(q.Header.Get("Authorization"), "Credential="+g.operator+"/") {
		return 403, nil, []byte("AccessDenied: not authorized to perform: eks:" + q.action)
	}
	last := parts[len(parts)-1]
	switch q.action {
	case "CreatePodIdentityAssociation":
		var in map[string]any
		json.Unmarshal(q.body, &in)
		token, _ := in["clientRequestToken"].(string)
		if id, ok := g.tokens[token]; ok && g.pods[id] != nil {
			return reply(map[string]any{"association": g.pods[id]})
		}
		for _, p := range g.pods {
			if p["clusterName"] == parts[1] && p["namespace"] == in["namespace"] && p["serviceAccount"] == in["serviceAccount"] {
				return 409, nil, []byte("ResourceInUseException: Association already exists: " + p["associationId"].(string))
			}
		}
		delete(in, "clientRequestToken")
		id := "a-" + uuid.NewString()[:17]
		in["associationId"], in["clusterName"] = id, parts[1]
		g.pods[id], g.tokens[token] = in, id
		return reply(map[string]any{"association": in})
	case "ListPodIdentityAssociations":
		list := []any{}
		for _, p := range g.pods {
			if p["clusterName"] == parts[1] && p["namespace"] == q.URL.Query().Get("namespace") && p["serviceAccount"] == q.URL.Query().Get("serviceAccount") {
				list = append(list, map[string]any{"associationId": p["associationId"], "clusterName": parts[1]})
			}
		}
		return reply(map[string]any{"associations": list})
	case "DeletePodIdentityAssociation":
		if g.pods[last] == nil {
			return missing()
		}
		p := g.pods[last]
		delete(g.pods, last)
		return reply(map[string]any{"association": p})
	}
	if g.pods[last] == nil {
		return missing()
	}
	return reply(map[string]any{"association": g.pods[last]})
}

func (g *gate) pass(q *request) (int, http.Header, []byte) {
	// moto takes what the path says for the body of a request that has none, so that no
	// signature of one fits. The gate lets the operator's in, and nobody else's.
	if len(q.body) == 0 && q.action != "" {
		if !strings.Contains(q.Header.Get("Authorization"), "Credential="+g.operator+"/") {
			return 403, nil, []byte("AccessDenied: not authorized to perform: " + q.action)
		}
		authentication(g.moto, false)
		defer authentication(g.moto, true)
	}
	out, err := http.NewRequestWithContext(context.WithoutCancel(q.Context()), q.Method, g.moto+q.URL.RequestURI(), bytes.NewReader(q.body))
	if err != nil {
		return 500, nil, nil
	}
	out.Header, out.Host = q.Header.Clone(), q.Host // which are signed
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		return 500, nil, nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, body
}

var (
	motoRefusal = regexp.MustCompile(`(?s)<Errors>\s*<Error>\s*<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>`)
	gateRefusal = regexp.MustCompile(`^([A-Za-z]+): (.*)$`)
)

// refusal is the code and the words of a refusal of moto's authentication, or of the
// gate's.
func refusal(body []byte) (code, words string, ok bool) {
	for _, re := range []*regexp.Regexp{motoRefusal, gateRefusal} {
		if m := re.FindSubmatch(bytes.TrimSpace(body)); m != nil {
			return string(m[1]), string(m[2]), true
		}
	}
	return "", "", false
}

// refuse answers as the request's protocol has it (https://smithy.io/2.0/aws/protocols).
func (q *request) refuse(w http.ResponseWriter, status int, code, words string) {
	switch q.service {
	case "iam", "sts":
		w.WriteHeader(status)
		fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, words)
	case "ec2":
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors></Response>", code, words)
	default:
		if code == "AccessDenied" {
			code = "AccessDeniedException"
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"__type": %q, "message": %q}`, code, words)
	}
}

// authentication has moto check signatures and policies, or not.
func authentication(moto string, on bool) {
	count := "1000000"
	if on {
		count = "0"
	}
	resp, err := http.Post(moto+"/moto-api/reset-auth", "text/plain", strings.NewReader(count))
	if err == nil {
		resp.Body.Close()
	}
}

func (g *gate) fail(f fault) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.faults = append(g.faults, f)
}

func (g *gate) left() int {
	g.lock.Lock()
	defer g.lock.Unlock()
	return len(g.faults)
}

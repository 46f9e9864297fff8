// Package awstest is moto with a gate in front, for the tests of what asks AWS.
//
// moto (https://docs.getmoto.org) is right about most of what the stores promise. What
// it is not right about the gate mends: its errors of authentication have no service's
// shape, a policy's resources count for nothing (every Deny or Allow is about "*"
// only), and a value that was already written under a ClientRequestToken is written
// over by another one. The gate also can be told to lose replies and to throttle.
package awstest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
)

// Gate is a moto behind its gate.
type Gate struct {
	URL    string
	Admin  aws.Credentials // may do everything
	Nobody aws.Credentials // may ask who it is, and nothing else

	moto      string
	lock      sync.Mutex
	tokens    map[string]string // what was stored under each ClientRequestToken
	faults    []Fault
	calls     map[string]int // by action
	passed    map[string]int // by action, of those that were done
	n, cut    int            // see Cut
	cutLost   bool
	revisions map[string]int // of Lambda's functions, see lambda.go
	changes   map[string]func(answer []byte) []byte
	answers   map[string]func(body []byte) (int, []byte)
}

// Fault is what befalls the next call of an action.
type Fault struct {
	Action string // "PutSecretValue"; "" is any
	Lost   bool   // it is done, and its reply is lost
	Torn   bool   // it is done, and its reply breaks off after the status and half of the body
	Status int    // answered in the place of moto: 429, 500
}

// Start runs both until the test ends. env is added to moto's environment.
func Start(t testing.TB, env ...string) *Gate {
	t.Helper()
	g := &Gate{moto: realtest.StartMoto(t, env...), tokens: map[string]string{}, calls: map[string]int{}, passed: map[string]int{}, revisions: map[string]int{},
		changes: map[string]func([]byte) []byte{}, answers: map[string]func([]byte) (int, []byte){}}
	g.Admin, g.Nobody = pair(t, 1), pair(t, 2)
	s := httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(s.Close)
	g.URL = s.URL
	return g
}

func pair(t testing.TB, seed uint64) aws.Credentials {
	t.Helper()
	words := strings.Fields(leaktest.Must(seed, `{{awsID "123456789012"}} {{awsSecret}}`))
	return aws.Credentials{AccessKeyID: words[0], SecretAccessKey: words[1]}
}

// Config reaches the gate as somebody.
func (g *Gate) Config(t testing.TB, who aws.Credentials) aws.Config {
	t.Helper()
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &g.URL, RetryMaxAttempts: 1, HTTPClient: awscall.Whole(nil),
		Credentials: credentials.StaticCredentialsProvider{Value: who}}
}

// Fail has the next calls end badly, in this order.
func (g *Gate) Fail(faults ...Fault) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.faults = append(g.faults, faults...)
}

// Left is how many faults have not happened yet.
func (g *Gate) Left() int {
	g.lock.Lock()
	defer g.lock.Unlock()
	return len(g.faults)
}

// Calls is how often an action was asked for, refused or not.
func (g *Gate) Calls(action string) int {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.calls[action]
}

// Passed is how often an action was done.
func (g *Gate) Passed(action string) int {
	g.lock.Lock()
	defer g.lock.Unlock()
	return g.passed[action]
}

// Cut has calls cut off from the n-th on, counted from now; where lost is set that one is
// done, and its answer lost. 0 ends that.
func (g *Gate) Cut(n int, lost bool) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.n, g.cut, g.cutLost = 0, n, lost
}

// cutOff counts a call, and tells what becomes of it.
func (g *Gate) cutOff() (never, lost bool) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.cut == 0 {
		return false, false
	}
	g.n++
	lost = g.n == g.cut && g.cutLost
	return g.n >= g.cut && !lost, lost
}

// Change has an action's answers pass through a function, for what moto is wrong about;
// nil ends that.
func (g *Gate) Change(action string, by func(answer []byte) []byte) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.changes[action] = by
}

// Answer has an action that moto does not have answered by a function.
func (g *Gate) Answer(action string, by func(body []byte) (status int, answer []byte)) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.answers[action] = by
}

func (g *Gate) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if action == "" {
		action = lambdaAction(r)
	}
	g.lock.Lock()
	g.calls[action]++
	answers := g.answers[action]
	g.lock.Unlock()
	if action != "" && strings.Contains(r.Header.Get("Authorization"), "Credential="+g.Nobody.AccessKeyID+"/") {
		refuse(w, http.StatusBadRequest, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/nobody is not authorized to perform: "+action)
		return
	}
	fault := g.next(action)
	if never, lost := g.cutOff(); never {
		panic(http.ErrAbortHandler)
	} else if lost {
		fault = Fault{Lost: true}
	}
	if fault.Status != 0 {
		code := "InternalServiceError"
		if fault.Status == http.StatusTooManyRequests {
			code = "ThrottlingException"
		}
		refuse(w, fault.Status, code, "told so by a test")
		return
	}
	if g.tokenTaken(action, body) {
		refuse(w, http.StatusBadRequest, "ResourceExistsException", "The operation failed because the client request token was used with other content.")
		return
	}
	if !g.revision(w, r, action, body) {
		return
	}
	g.lock.Lock()
	g.passed[action]++
	g.lock.Unlock()
	if answers != nil {
		status, text := answers(body)
		if fault.Lost {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		w.Write(text)
		return
	}
	g.pass(w, r, body, action, fault)
}

// next takes the first fault that is meant for the action.
func (g *Gate) next(action string) Fault {
	g.lock.Lock()
	defer g.lock.Unlock()
	if len(g.faults) == 0 || g.faults[0].Action != "" && g.faults[0].Action != action {
		return Fault{}
	}
	f := g.faults[0]
	g.faults = g.faults[1:]
	return f
}

// tokenTaken tells whether another value was stored under this call's token, which AWS
// refuses (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
func (g *Gate) tokenTaken(action string, body []byte) bool {
	if action != "PutSecretValue" && action != "CreateSecret" {
		return false
	}
	var in struct{ ClientRequestToken, SecretString, SecretBinary, SecretId, Name string }
	if json.Unmarshal(body, &in) != nil {
		return false
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	key, value := in.SecretId+in.Name+" "+in.ClientRequestToken, in.SecretString+in.SecretBinary
	old, used := g.tokens[key]
	g.tokens[key] = value
	return used && old != value
}

func (g *Gate) pass(w http.ResponseWriter, r *http.Request, body []byte, action string, fault Fault) {
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, g.moto+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	out.Header = r.Header.Clone()
	resp, err := http.DefaultClient.Do(out)
	if err != nil || fault.Lost {
		if err == nil {
			resp.Body.Close()
		}
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if text = g.withRevision(r, action, text); resp.StatusCode/100 == 2 {
		g.lock.Lock()
		change := g.changes[action]
		g.lock.Unlock()
		if change != nil {
			text = change(text)
		}
	}
	for k, v := range resp.Header {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	if fault.Torn {
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		text = text[:len(text)/2]
	}
	w.WriteHeader(resp.StatusCode)
	w.Write(text)
	if fault.Torn {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// refuse answers as AWS's services of JSON do
// (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func refuse(w http.ResponseWriter, status int, code, words string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"__type": %q, "message": %q}`, code, words)
}

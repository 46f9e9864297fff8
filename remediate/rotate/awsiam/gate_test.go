package awsiam

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
)

// gate is moto, checking signatures and policies, with what it is not right about
// mended: an inactive key is refused, refusals have the shape of IAM and STS, and a
// managed policy of AWS's is there. It lets a test say that a key was used.
type gate struct {
	moto  string
	url   string
	admin aws.Credentials

	lock     sync.Mutex
	inactive map[string]bool
	used     map[string]time.Time // when others used a key, in the test's time
	signed   map[string]int       // how many calls a key signed
	owner    map[string]string    // in the place of a key's user, by key
	account  map[string]string    // and of its account
}

func startGate(t testing.TB) *gate {
	g := &gate{moto: realtest.StartMoto(t), inactive: map[string]bool{}, used: map[string]time.Time{}, signed: map[string]int{}, owner: map[string]string{}, account: map[string]string{}}
	s := httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(s.Close)
	g.url = s.URL
	pair := strings.Fields(leaktest.Must(7, `{{awsID "123456789012"}} {{awsSecret}}`))
	g.admin = aws.Credentials{AccessKeyID: pair[0], SecretAccessKey: pair[1]} // moto takes anybody as long as it does not check
	g.admin = g.newUser(t, "admin")
	if _, err := g.client().PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: aws.String("admin"), PolicyName: aws.String("all"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(g.moto+"/moto-api/reset-auth", "text/plain", strings.NewReader("0"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return g
}

// config reaches the gate; hook is told before and after each call.
func (g *gate) config(who aws.Credentials, hook func() error) aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &g.url, RetryMaxAttempts: 1, HTTPClient: awscall.Whole(&http.Client{Transport: killtest.Transport{Step: hook}}),
		Credentials: credentials.StaticCredentialsProvider{Value: who}}
}

func (g *gate) client() *iam.Client { return iam.NewFromConfig(g.config(g.admin, nil)) }

// newUser makes a user with a key.
func (g *gate) newUser(t testing.TB, name string) aws.Credentials {
	t.Helper()
	if _, err := g.client().CreateUser(context.Background(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	return g.newKey(t, name)
}

func (g *gate) newKey(t testing.TB, user string) aws.Credentials {
	t.Helper()
	out, err := g.client().CreateAccessKey(context.Background(), &iam.CreateAccessKeyInput{UserName: &user})
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{AccessKeyID: *out.AccessKey.AccessKeyId, SecretAccessKey: *out.AccessKey.SecretAccessKey}
}

// live is how many keys of a user AWS would accept.
func (g *gate) live(user string) (n int, err error) {
	out, err := g.client().ListAccessKeys(context.Background(), &iam.ListAccessKeysInput{UserName: &user})
	if err != nil {
		return 0, err
	}
	for _, k := range out.AccessKeyMetadata {
		if k.Status == types.StatusTypeActive {
			n++
		}
	}
	return n, nil
}

var (
	whose   = regexp.MustCompile(`Credential=([^/]+)/`)
	refusal = regexp.MustCompile(`(?s)<Errors>\s*<Error>\s*<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>`)
	lastUse = regexp.MustCompile(`(?s)<LastUsedDate>[^<]*</LastUsedDate>`)
	userTag = regexp.MustCompile(`<UserName>[^<]*</UserName>`)
	account = regexp.MustCompile(`<Account>[^<]*</Account>`)
)

func (g *gate) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	g.lock.Lock()
	defer g.lock.Unlock()
	form, _ := url.ParseQuery(string(body))
	if m := whose.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		g.signed[m[1]]++
		if g.inactive[m[1]] {
			refuse(w, http.StatusForbidden, "InvalidClientTokenId", "The security token included in the request is invalid.")
			return
		}
	}
	status, header, answer := g.pass(r, body)
	if m := refusal.FindSubmatch(answer); m != nil && status >= 400 {
		refuse(w, status, string(m[1]), string(m[2]))
		return
	}
	key := form.Get("AccessKeyId")
	switch form.Get("Action") {
	case "UpdateAccessKey":
		g.inactive[key] = status < 300 && form.Get("Status") == "Inactive"
	case "GetAccessKeyLastUsed":
		answer = g.lastUsed(key, answer)
	case "GetAccessKeyInfo":
		if a := g.account[key]; a != "" {
			answer = account.ReplaceAll(answer, []byte("<Account>"+a+"</Account>"))
		}
	}
	for k, v := range header {
		if k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(status)
	w.Write(answer)
}

// lastUsed puts the test's word in the place of moto's.
func (g *gate) lastUsed(key string, answer []byte) []byte {
	if at, ok := g.used[key]; ok {
		date := []byte("<LastUsedDate>" + at.UTC().Format(time.RFC3339) + "</LastUsedDate>")
		if lastUse.Match(answer) {
			answer = lastUse.ReplaceAll(answer, date)
		} else {
			answer = bytes.Replace(answer, []byte("<AccessKeyLastUsed>"), append([]byte("<AccessKeyLastUsed>"), date...), 1)
		}
	}
	if user, ok := g.owner[key]; ok {
		answer = userTag.ReplaceAll(answer, []byte("<UserName>"+user+"</UserName>"))
	}
	return answer
}

func (g *gate) pass(r *http.Request, body []byte) (int, http.Header, []byte) {
	out, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, g.moto+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return http.StatusInternalServerError, nil, nil
	}
	out.Header, out.Host = r.Header.Clone(), r.Host // which are signed
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		return http.StatusInternalServerError, nil, nil
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header, answer
}

// refuse answers as AWS's query protocol has it
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html).
func refuse(w http.ResponseWriter, status int, code, words string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>", code, words)
}

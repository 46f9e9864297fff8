package awssource_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/oakum-sec/oakum/remediate/awssource"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
)

// endpoint answers as AWS's API references say, in the protocol of each service, with
// errors that moto cannot make.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	odd    map[string][]http.HandlerFunc // what an action is answered first, one request each
	asked  []string
	waited []time.Duration
}

// empty is what each action is answered where there is nothing.
var empty = map[string]string{
	"GetCallerIdentity":            `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
	"ListProjects":                 `{"projects":[]}`,
	"ListTaskDefinitionFamilies":   `{"families":[]}`,
	"ListTaskDefinitions":          `{"taskDefinitionArns":[]}`,
	"ListFunctions":                `{"Functions":[]}`,
	"DescribeLaunchTemplates":      `<DescribeLaunchTemplatesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"/>`,
	"DescribeInstances":            `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"/>`,
	"DescribeInstances of 5":       `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId></item><item><instanceId>i-2</instanceId></item><item><instanceId>i-3</instanceId></item><item><instanceId>i-4</instanceId></item><item><instanceId>i-5</instanceId></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`,
	"DescribeInstances of 1":       `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`,
	"DescribeInstanceAttribute":    `<DescribeInstanceAttributeResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><userData><value>%s</value></userData></DescribeInstanceAttributeResponse>`,
	"DescribeLaunchTemplatesPages": `<DescribeLaunchTemplatesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><nextToken>again</nextToken></DescribeLaunchTemplatesResponse>`,
}

func newEndpoint(t *testing.T) *endpoint {
	e := &endpoint{odd: map[string][]http.HandlerFunc{}}
	e.Server = httptest.NewServer(http.HandlerFunc(e.serve))
	t.Cleanup(e.Close)
	return e
}

// action is the operation that a request is for: in a header (JSON), in the body
// (EC2's and STS's queries), or by its path (Lambda).
func action(r *http.Request) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	if strings.HasPrefix(r.URL.Path, "/2015-03-31/functions") {
		return "ListFunctions"
	}
	return r.FormValue("Action")
}

func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	name := action(r)
	e.asked = append(e.asked, name)
	if odd := e.odd[name]; len(odd) > 0 {
		e.odd[name] = odd[1:]
		odd[0](w, r)
		return
	}
	fmt.Fprint(w, empty[name])
}

func (e *endpoint) first(name string, handlers ...http.HandlerFunc) { e.odd[name] = handlers }

func (e *endpoint) source(t *testing.T, o awssource.Options) scanner.Source {
	t.Helper()
	o.Wait = func(_ context.Context, d time.Duration, _ string) error {
		e.waited = append(e.waited, d)
		return nil
	}
	src, err := awssource.New(aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String(e.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}, o)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// says is an answer of one status and body. Headers are pairs.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// How each protocol says no (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html,
// https://docs.aws.amazon.com/lambda/latest/api/CommonErrors.html,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
func jsonError(status int, code string) http.HandlerFunc {
	return says(status, fmt.Sprintf(`{"__type":%q,"message":"User: arn:aws:iam::123456789012:user/ada is not authorized"}`, code))
}

func lambdaError(status int, code string) http.HandlerFunc {
	return says(status, `{"Message":"no"}`, "X-Amzn-Errortype", code)
}

func ec2Error(status int, code string) http.HandlerFunc {
	return says(status, fmt.Sprintf(`<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors><RequestID>1</RequestID></Response>`, code))
}

func stsError(status int, code string) http.HandlerFunc {
	return says(status, fmt.Sprintf(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code><Message>no</Message></Error></ErrorResponse>`, code))
}

// What a policy does not allow is a gap that names the action, once for many
// resources, and the rest is read.
func TestDenied(t *testing.T) {
	e := newEndpoint(t)
	e.first("ListProjects", says(200, `{"projects":["a","b"]}`))
	e.first("BatchGetProjects", jsonError(400, "AccessDeniedException"))
	e.first("ListTaskDefinitionFamilies", jsonError(400, "AccessDeniedException"))
	e.first("ListFunctions", lambdaError(403, "AccessDeniedException"))
	e.first("DescribeLaunchTemplates", ec2Error(403, "UnauthorizedOperation"))
	e.first("DescribeInstances", says(200, empty["DescribeInstances of 5"]))
	no := ec2Error(403, "UnauthorizedOperation")
	text := base64.StdEncoding.EncodeToString([]byte("export TOKEN=" + github(1)))
	e.first("DescribeInstanceAttribute", no, no, says(200, fmt.Sprintf(empty["DescribeInstanceAttribute"], text)), no, no)
	got := scan(t, e.source(t, awssource.Options{}))
	const at = "aws:123456789012/eu-central-1/"
	equal(t, "findings", got.findings, []string{"github-pat " + at + "ec2/i-3 variable user-data"})
	const may = "the credentials may not: a policy has to allow "
	equal(t, "gaps", got.gaps, []string{
		"failure unreadable " + at + "codebuild variable *: describe projects of a, b: " + may + "codebuild:BatchGetProjects",
		"failure unreadable " + at + "ec2 variable *: list launch templates: " + may + "ec2:DescribeLaunchTemplates",
		"failure unreadable " + at + "ec2 variable *: read user data of i-1, i-2, i-4 and 1 more: " + may + "ec2:DescribeInstanceAttribute",
		"failure unreadable " + at + "ecs variable *: list families of task definitions: " + may + "ecs:ListTaskDefinitionFamilies",
		"failure unreadable " + at + "lambda variable *: list functions: " + may + "lambda:ListFunctions",
	})
	if strings.Contains(strings.Join(got.gaps, ""), "user/ada") {
		t.Error("AWS's own words are told")
	}
	if len(e.waited) > 0 {
		t.Errorf("waited %v for what is not allowed", e.waited)
	}
}

// Where AWS is asked too often, or fails, the source waits and asks again.
func TestHasUsWait(t *testing.T) {
	e := newEndpoint(t)
	e.first("ListFunctions", lambdaError(429, "TooManyRequestsException"), says(429, `{"Reason":"CallerRateLimitExceeded"}`, "Retry-After", "7", "X-Amzn-Errortype", "TooManyRequestsException"),
		says(200, `{"Functions":[{"FunctionName":"f","Version":"$LATEST","Environment":{"Variables":{"TOKEN":`+quoted(github(1))+`}}}]}`))
	e.first("ListTaskDefinitionFamilies", jsonError(400, "ThrottlingException"), jsonError(500, "ServerException"), jsonError(503, "ServiceUnavailableException"))
	e.first("DescribeInstances", ec2Error(503, "RequestLimitExceeded"))
	got := scan(t, e.source(t, awssource.Options{}))
	equal(t, "findings", got.findings, []string{"github-pat aws:123456789012/eu-central-1/lambda/f variable TOKEN"})
	equal(t, "gaps", got.gaps, nil)
	if want := []time.Duration{time.Second, time.Second, 2 * time.Second, 4 * time.Second, time.Second, 7 * time.Second}; !slices.Equal(e.waited, want) {
		t.Errorf("waited %v, want %v", e.waited, want)
	}
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// Nobody is asked for ever: one service that does not answer is a gap, credentials
// that are not accepted end all.
func TestGivesUp(t *testing.T) {
	e := newEndpoint(t)
	e.first("ListFunctions", slices.Repeat([]http.HandlerFunc{lambdaError(500, "ServiceException")}, 4)...)
	e.first("ListProjects", slices.Repeat([]http.HandlerFunc{jsonError(400, "ThrottlingException")}, 10)...)
	e.first("ListTaskDefinitionFamilies", says(200, `<html>`))
	got := scan(t, e.source(t, awssource.Options{}))
	const at = "failure unreadable aws:123456789012/eu-central-1/"
	equal(t, "gaps", got.gaps, []string{
		at + "codebuild variable *: list projects: AWS answers ThrottlingException to codebuild:ListProjects",
		at + "ecs variable *: list families of task definitions: what is answered to ecs:ListTaskDefinitionFamilies is none of AWS's answers, or is cut short: is AWS_ENDPOINT_URL right?",
		at + "lambda variable *: list functions: AWS answers ServiceException to lambda:ListFunctions",
	})

	for name, answer := range map[string]http.HandlerFunc{"InvalidClientTokenId": stsError(403, "InvalidClientTokenId"), "ExpiredToken": stsError(403, "ExpiredToken")} {
		b := newEndpoint(t)
		b.first("GetCallerIdentity", answer)
		got := scan(t, b.source(t, awssource.Options{}))
		if len(got.gaps) != 1 || !strings.HasPrefix(got.gaps[0], "failure unreadable aws variable *: find out which account this is: the credentials are not accepted ("+name+")") || len(b.asked) != 1 {
			t.Errorf("%d requests, gaps %q", len(b.asked), got.gaps)
		}
	}

	c := newEndpoint(t)
	c.first("ListProjects", says(429, `{"__type":"ThrottlingException"}`, "Retry-After", "4000"))
	got = scan(t, c.source(t, awssource.Options{}))
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "failure limit aws:123456789012/eu-central-1/codebuild") || len(c.waited) > 0 || len(c.asked) != 2 {
		t.Errorf("%q asked, waited %v, gaps %q", c.asked, c.waited, got.gaps)
	}
}

// A server that is not there is told once; a list without an end is left.
func TestNotThereAndEndless(t *testing.T) {
	e := newEndpoint(t)
	e.Close()
	got := scan(t, e.source(t, awssource.Options{}))
	if len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "find out which account this is") || !strings.Contains(got.gaps[0], "refused") {
		t.Errorf("gaps %q", got.gaps)
	}
	b := newEndpoint(t)
	empty := empty["DescribeLaunchTemplatesPages"]
	b.first("DescribeLaunchTemplates", slices.Repeat([]http.HandlerFunc{says(200, empty)}, 10_001)...)
	got = scan(t, b.source(t, awssource.Options{Services: []string{"ec2"}}))
	equal(t, "gaps", got.gaps, []string{"failure unreadable aws:123456789012/eu-central-1/ec2 variable *: list launch templates: more than 10000 pages; the rest was not looked at"})
}

// Variables that AWS could not decrypt for us, and user data that is damaged, are gaps.
func TestUnreadable(t *testing.T) {
	e := newEndpoint(t)
	e.first("ListFunctions", says(200, `{"Functions":[{"FunctionName":"f","Version":"$LATEST","Environment":{"Error":{"ErrorCode":"AccessDeniedException","Message":"kms"}}}]}`))
	e.first("DescribeInstances", says(200, empty["DescribeInstances of 5"]))
	answers := []http.HandlerFunc{says(200, fmt.Sprintf(empty["DescribeInstanceAttribute"], "%%%"))}
	zipped := packed(t, strings.Repeat("export A=b\n", 1000))
	for _, text := range [][]byte{
		zipped[:len(zipped)/2],
		[]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nexport TOKEN=" + github(1) + "\n"),
		packed(t, string(packed(t, string(packed(t, string(packed(t, string(packed(t, "TOKEN="+github(2)))))))))),
		packed(t, strings.Repeat("\x00", 33<<20)),
	} {
		answers = append(answers, says(200, fmt.Sprintf(empty["DescribeInstanceAttribute"], base64.StdEncoding.EncodeToString(text))))
	}
	e.first("DescribeInstanceAttribute", answers...)
	got := scan(t, e.source(t, awssource.Options{}))
	const at = "aws:123456789012/eu-central-1/"
	equal(t, "gaps", got.gaps, []string{
		"failure corrupt " + at + "ec2/i-1 variable user-data: user data is not base64, as AWS gives it",
		"failure truncated " + at + "ec2/i-2 variable user-data: ends before it should",
		"failure truncated " + at + "ec2/i-3 variable user-data!/part 1: ends before it should",
		"failure limit " + at + "ec2/i-4 variable user-data: packed more than 4 times over: what is inside was not looked at",
		"failure limit " + at + "ec2/i-5 variable user-data: unpacks to more than 32 MB: the rest was not looked at",
		"failure unreadable " + at + "lambda/f variable *: read variables: AWS answers AccessDeniedException: a policy has to allow kms:Decrypt with the function's key, and so has the key",
	})
	equal(t, "findings", got.findings, []string{"github-pat " + at + "ec2/i-3 variable user-data!/part 1"})
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		config  aws.Config
		options awssource.Options
		why     string
	}{
		{aws.Config{}, awssource.Options{}, "no region: say --region NAME"},
		{aws.Config{Region: "eu-central-1"}, awssource.Options{Services: []string{"s3"}}, "write one of codebuild, ec2, ecs, lambda"},
	} {
		if _, err := awssource.New(c.config, c.options); err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%v", err)
		}
	}
	src, err := awssource.New(aws.Config{Region: "x", BaseEndpoint: aws.String("http://aws.example.org"), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, awssource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := scan(t, src); len(got.gaps) != 1 || !strings.Contains(got.gaps[0], "aws.example.org is not asked without TLS") {
		t.Errorf("gaps %q", got.gaps)
	}
}

// A scan that is stopped while it waits ends soon, and says nothing more.
func TestStoppedWhileWaiting(t *testing.T) {
	e := newEndpoint(t)
	e.first("ListProjects", jsonError(400, "ThrottlingException"))
	ctx, stop := context.WithCancel(t.Context())
	src, err := awssource.New(aws.Config{Region: "x", BaseEndpoint: aws.String(e.URL), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, awssource.Options{
		Wait: func(ctx context.Context, _ time.Duration, _ string) error { stop(); <-ctx.Done(); return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = scanner.New(builtin.Set(), scanner.Options{}).Scan(ctx, src, func(e scanner.Event) error {
		if e.Gap != nil {
			t.Errorf("told %v", e.Gap)
		}
		return nil
	})
	if err == nil || len(e.asked) != 2 {
		t.Errorf("error %v after %q", err, e.asked)
	}
}

package verify_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner/verify"
)

// stsAnswer and stsError are the forms of the STS API reference (GetCallerIdentity,
// "Sample Response"; "Common Errors").
const stsAnswer = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/Alice</Arn><UserId>AKIAI</UserId><Account>123456789012</Account></GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>`

func stsError(code string) string {
	return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>…</Message></Error></ErrorResponse>`
}

var aws = vendor{rule: "aws-access-key-id"}

func TestAWS(t *testing.T) {
	pair := leaktest.Must(1, "aws_access_key_id = {{awsID \"AKIA\" \"123456789012\"}}\naws_secret_access_key = {{awsSecret}}\n")
	seen := 0
	for _, c := range []reply{
		{200, stsAnswer, leak.Valid, ""},
		{403, stsError("InvalidClientTokenId"), leak.Invalid, "no such key"},
		{403, stsError("SignatureDoesNotMatch"), leak.Invalid, "the id exists"},
		{403, stsError("ExpiredToken"), leak.Invalid, "expired"},
		{403, "not XML <", leak.Unknown, "it answered 403"},
		{400, stsError("Throttling"), leak.Unknown, "it answered 400"},
	} {
		opt := serve(t, checks()[aws.rule], func(w http.ResponseWriter, r *http.Request) {
			if line := r.Method + " " + r.URL.RequestURI(); line != "GET /?Action=GetCallerIdentity&Version=2011-06-15" || !signed(r) {
				t.Errorf("%s, signed %v", line, signed(r))
			}
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		got := ask(t, aws, pair, opt)[0].Live
		if got.State != c.state || !strings.HasPrefix(got.Reason, c.reason) {
			t.Errorf("%d: %+v", c.status, got)
		}
		if c.state == leak.Valid && strings.Join(got.Identity, ", ") != "Arn arn:aws:iam::123456789012:user/Alice, Account 123456789012" {
			t.Errorf("identity %q", got.Identity)
		}
		seen++
	}
	if seen != 6 {
		t.Errorf("%d answers", seen)
	}
}

// Halves are put together only where it is clear which belong to each other.
func TestAWSPairs(t *testing.T) {
	id, secret := func(n int) string { return leaktest.Must(uint64(n), `{{awsID "AKIA"}}`) }, func(n int) string { return leaktest.Must(uint64(n), `{{awsSecret}}`) }
	temporary := leaktest.Must(9, `{{awsID "ASIA"}}`)
	session := leaktest.Must(9, `FwoGZXIvYXdz{{base64 320}}=`)
	far := strings.Repeat("#\n", 30)
	for name, c := range map[string]struct {
		text   string
		asked  int
		reason string // of the first that was not asked
	}{
		"one":                 {"aws_access_key_id = " + id(1) + "\naws_secret_access_key = " + secret(1), 1, ""},
		"profiles":            {"[a]\naws_access_key_id = " + id(1) + "\naws_secret_access_key = " + secret(1) + "\n[b]\naws_access_key_id = " + id(2) + "\naws_secret_access_key = " + secret(2), 2, ""},
		"secret first":        {"aws_secret_access_key = " + secret(1) + "\naws_access_key_id = " + id(1) + "\naws_secret_access_key = " + secret(2) + "\naws_access_key_id = " + id(2), 2, ""},
		"alone":               {"aws_access_key_id = " + id(1), 0, "its other half does not stand beside it"},
		"two ids, one secret": {"id = " + id(1) + "\nother = " + id(2) + "\naws_secret_access_key = " + secret(1), 0, "2 first and 1 second halves stand together"},
		"one id, two secrets": {"aws_secret_access_key = " + secret(2) + "\nid = " + id(1) + "\naws_secret_access_key = " + secret(1), 0, "1 first and 2 second halves stand together"},
		"ids, then secrets":   {"a = " + id(1) + "\nb = " + id(2) + "\naws_secret_access_key = " + secret(1) + "\nmy_aws_secret_access_key = " + secret(2), 0, "2 first and 2 second halves stand together"},
		"far apart":           {"aws_access_key_id = " + id(1) + "\naws_secret_access_key = " + secret(1) + "\n" + far + "aws_access_key_id = " + id(2), 1, "its other half does not"},
		"temporary":           {"aws_access_key_id = " + temporary + "\naws_secret_access_key = " + secret(1) + "\naws_session_token = " + session, 1, ""},
		"temporary, no token": {"aws_access_key_id = " + temporary + "\naws_secret_access_key = " + secret(1), 0, "temporary credentials, and 0 session tokens"},
		"canary":              {"aws_access_key_id = " + leaktest.Must(1, `{{awsID "AKIA" "052310077262"}}`) + "\naws_secret_access_key = " + secret(1), 0, "a canary"},
	} {
		asked := 0
		opt := serve(t, checks()[aws.rule], func(w http.ResponseWriter, r *http.Request) {
			asked++
			if hasToken := r.Header.Get("X-Amz-Security-Token") == session; hasToken != (name == "temporary") {
				t.Errorf("%s: a session token is sent: %v", name, hasToken)
			}
			fmt.Fprint(w, stsAnswer)
		})
		found := ask(t, aws, c.text+"\n", opt)
		reason := ""
		for _, f := range found {
			if f.Live.State == leak.Unknown && reason == "" {
				reason = f.Live.Reason
			}
		}
		if asked != c.asked || !strings.HasPrefix(reason, c.reason) || c.reason == "" && reason != "" {
			t.Errorf("%s: asked %d times, %q", name, asked, reason)
		}
	}
}

// TestAWSSignature: the documentation's own key and date ("Create a signed AWS API
// request"), and a signature worked out apart from this package by the documented
// steps, with a program that also gives the documentation's own for its request.
func TestAWSSignature(t *testing.T) {
	got := ""
	opt := serve(t, checks()[aws.rule], func(w http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") })
	opt.Now = func() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }
	at := opt.Endpoints["sts.amazonaws.com"].Host
	opt.Endpoints["sts.amazonaws.com"] = &url.URL{Scheme: "http", Host: "sts.amazonaws.com"}
	opt.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, at)
	}
	secret := leak.NewSecret([]byte("wJalrXUtnFEMI/K7MDENG+bPxRfiCY" + "EXAMPLEKEY"))
	f := &leak.Finding{Rule: aws.rule, Secret: leak.NewSecret([]byte("AKID" + "EXAMPLE")), Sighting: leak.Sighting{Place: leak.File{Name: "a"}, Line: 1},
		Parts: []leak.Part{{Rule: "aws-secret-access-key", Secret: secret, Span: leak.Span{Start: 50, End: 90}, Line: 2}}}
	verify.New(checks(), opt).Verify(t.Context(), []*leak.Finding{f}, nil)
	const want = "AWS4-HMAC-SHA256 Credential=AKID" + "EXAMPLE/20150830/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "bf7e30cceae581ea22f5fcd38f36caf23994090eea970be4bee5de65334b2803"
	if got != want {
		t.Errorf("got %s", got)
	}
}

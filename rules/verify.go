package rules

import "net/url"

// Verify is the one question that tells whether a credential is live: a request
// to its issuer that reads and changes nothing. Package scanner/verify asks it, and
// only where the user says so.
//
// In URL, Headers, Form and Basic, {value} stands for the value, and {part:RULE}
// for the value that rule RULE found beside it. The URL's host is fixed.
type Verify struct {
	Method   string   // "GET" (default) or "POST"
	URL      string   // https://HOST/…
	Headers  []string // "Name: value"
	Basic    string   // "user:password" of HTTP's basic authentication
	Form     []string // "name=value", sent in the body
	Body     string   // sent as it is, JSON
	Sign     string   // "aws-sigv4": the request is signed with the pair, see scanner/verify
	Answers  []Answer // the first that fits counts; none: it is not known
	Identity []string // fields of the answer that may be shown: whose credential it is
	Doc      string   // the vendor's page about the request
}

// Answer is what an answer means.
type Answer struct {
	Status []int    // one of them; empty: any
	Field  string   // a field of the answer, as "error.code", "errors.0.id"; JSON, or XML below its first element
	Is     []string // that has one of these values; empty: is there
	Means  string   // one of Meanings
	Why    string   // to be told with it
}

// What an answer can mean. Limited is no answer: the issuer wants to be asked later.
const (
	MeansValid   = "valid"
	MeansInvalid = "invalid"
	MeansRevoked = "revoked"
	MeansExpired = "expired"
	MeansLimited = "limited"
	MeansUnknown = "unknown" // told apart from what no answer fits by its Why
)

// Meanings are all of them.
func Meanings() []string {
	return []string{MeansValid, MeansInvalid, MeansRevoked, MeansExpired, MeansLimited, MeansUnknown}
}

// Host is whom the question goes to, with its port where one is given; "" if the
// URL is none.
func (v *Verify) Host() string {
	u, err := url.Parse(v.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/scrub"
)

// Every code has a name, so that none is added without one.
func TestCodesHaveNames(t *testing.T) {
	if got, want := len(codeNames), int(Canceled)+1; got != want {
		t.Errorf("%d names for %d codes", got, want)
	}
}

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Code
	}{
		{nil, OK}, {errors.New("odd"), Unknown}, {context.Canceled, Canceled}, {Failf(NotFound, "no"), NotFound},
		{fmt.Errorf("put: %w", Failf(TooLarge, "no")), TooLarge}, {Fail(Throttled, nil), OK},
		{New(nil, Options{}).failed("read", "n", leak.Secret{}, Failf(GoneName, "no")), GoneName},
	} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("%v: %v, expected %v", c.err, got, c.want)
		}
	}
}

// A vendor's error quotes what it was sent in many forms; none gets through.
func TestScrub(t *testing.T) {
	const value = "Tr0ub4dor & <3> \"q\"\n/+="
	quotedJSON, _ := json.Marshal(value)
	for _, form := range []string{value, string(quotedJSON), url.QueryEscape(value), url.PathEscape(value),
		base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		fmt.Sprintf("%x", value), fmt.Sprintf("%X", value), fmt.Sprintf("%q", value)} {
		got := scrub.Text("Value '"+form+"' failed", leak.NewSecret([]byte(value)))
		if strings.Contains(got, form) || strings.Contains(got, "Tr0ub") || !strings.Contains(got, leak.Redacted) {
			t.Errorf("%q leaves %q", form, got)
		}
	}
	doc, err := Document(map[string]leak.Secret{"password": leak.NewSecret([]byte("in a field"))})
	if err != nil {
		t.Fatal(err)
	}
	if got := scrub.Text("bad field 'in a field'", doc); strings.Contains(got, "in a field") {
		t.Errorf("a document's field is left in %q", got)
	}
	if got := scrub.Text("the db is down", leak.NewSecret([]byte("db"))); got != leak.Redacted {
		t.Errorf("a short value is cut out of a text, which shows where it stood: %q", got)
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"x", "x", true}, {"x", "y", false}, {`{"a":"1","b":"2"}`, `{ "b": "2", "a": "1" }`, true},
		{`{"a":"1"}`, `{"a":"2"}`, false}, {`{"n":12345678901234567890}`, `{"n":12345678901234567891}`, false},
		{`["a"]`, `[ "a" ]`, false}, {"", "", true}, {`{}`, `{ }`, true}, {`null`, ` null`, false},
	} {
		if got := Equal(leak.NewSecret([]byte(c.a)), leak.NewSecret([]byte(c.b))); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

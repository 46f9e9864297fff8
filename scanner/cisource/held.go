package cisource

import (
	"context"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// held is a variable with its value, or a secret of which the name is all.
type held struct {
	at    leak.Variable
	value string
	notes []string // what a finding in it is to tell
}

// blob makes one text of variables, one beside the other, so that a key's id is seen
// with its secret. whose is where they all are.
func blob(whose string, all []held) scanner.Blob {
	var t scanner.Joined
	for _, h := range all {
		add(&t, h, h.at.Name+"=", h.value)
	}
	return t.Blob(allOf(whose))
}

// names states which of the names of secrets are of keys that never change. What ends
// by itself, as a credential with a session's token does, is left out.
func names(whose string, all, beside []held) (b scanner.Blob, any bool) {
	known := map[string]bool{}
	for _, h := range slices.Concat(all, beside) {
		known[h.at.Name] = true
	}
	for _, h := range all {
		if !static.MatchString(h.at.Name) {
			continue
		}
		id := strings.Replace(h.at.Name, awsSecret, "AWS_ACCESS_KEY_ID", 1)
		if known[strings.Replace(h.at.Name, awsSecret, "AWS_SESSION_TOKEN", 1)] {
			continue
		}
		if known[id] {
			h.notes = append(h.notes, "with "+id+" beside it")
		}
		b.Stated = append(b.Stated, scanner.Statement{Rule: scanner.IdentityRule, Key: h.at.Name, Place: h.at, Notes: h.notes})
	}
	b.Place, b.Open = allOf(whose), func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }
	return b, len(b.Stated) > 0
}

// static is the name of a secret key, alone or with what tells several apart.
var static = regexp.MustCompile(`^(?:[A-Za-z0-9_]+_)?AWS_SECRET_ACCESS_KEY(?:_[A-Za-z0-9_]+)?$`)

// awsSecret is how the SDKs call it
// (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html).
const awsSecret = "AWS_SECRET_ACCESS_KEY"

// add appends a variable to a text of several.
func add(t *scanner.Joined, h held, before, value string) {
	t.Add(scanner.Part{Place: h.at, Notes: h.notes}, before, value)
}

// allOf is the place of all the variables of a holder.
func allOf(whose string) leak.Place { return leak.Variable{Scope: whose, Name: "*"} }

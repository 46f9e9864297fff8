package cisource

import (
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

// holdings is what rule static-identity looks for: a name of a secret, behind these
// words. The rule is one for texts, like all of oakum's, because one for places would
// have the histories of repositories looked at by place too.
const holdings = "oakum/held-by-ci "

// names makes one text of the names of secrets. What ends by itself, as a
// credential with a session's token does, is left out.
func names(whose string, all, beside []held) (b scanner.Blob, any bool) {
	var t scanner.Joined
	known := map[string]bool{}
	for _, h := range slices.Concat(all, beside) {
		known[h.at.Name] = true
	}
	for _, h := range all {
		id := strings.Replace(h.at.Name, awsSecret, "AWS_ACCESS_KEY_ID", 1)
		session := strings.Replace(h.at.Name, awsSecret, "AWS_SESSION_TOKEN", 1)
		switch isSecret := id != h.at.Name; {
		case isSecret && known[session]:
			continue
		case isSecret && known[id]:
			h.notes = append(h.notes, "with "+id+" beside it")
		}
		add(&t, h, holdings, h.at.Name)
	}
	return t.Blob(allOf(whose)), !t.Empty()
}

// awsSecret is how the SDKs call it
// (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html).
const awsSecret = "AWS_SECRET_ACCESS_KEY"

// add appends a variable to a text of several.
func add(t *scanner.Joined, h held, before, value string) {
	t.Add(scanner.Part{Place: h.at, Notes: h.notes}, before, value)
}

// allOf is the place of all the variables of a holder.
func allOf(whose string) leak.Place { return leak.Variable{Scope: whose, Name: "*"} }

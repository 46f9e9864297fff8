package cisource

import (
	"bytes"
	"context"
	"io"
	"slices"
	"sort"
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
	t := sideBySide{whose: whose}
	for _, h := range all {
		t.add(h, h.at.Name+"=", h.value)
	}
	return t.blob()
}

// holdings is what rule static-identity looks for: a name of a secret, behind these
// words. The rule is one for texts, like all of oakum's, because one for places would
// have the histories of repositories looked at by place too.
const holdings = "oakum/held-by-ci "

// names makes one text of the names of secrets. What ends by itself, as a
// credential with a session's token does, is left out.
func names(whose string, all, beside []held) (b scanner.Blob, any bool) {
	t := sideBySide{whose: whose}
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
		t.add(h, holdings, h.at.Name)
	}
	return t.blob(), len(t.parts) > 0
}

// awsSecret is how the SDKs call it
// (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html).
const awsSecret = "AWS_SECRET_ACCESS_KEY"

// sideBySide is a text that is put together of variables.
type sideBySide struct {
	whose  string
	text   bytes.Buffer
	starts []int64
	parts  []scanner.Part
}

func (t *sideBySide) add(h held, before, value string) {
	start := int64(t.text.Len())
	t.starts = append(t.starts, start)
	t.parts = append(t.parts, scanner.Part{Place: h.at, Begin: start + int64(len(before)), Notes: h.notes})
	t.text.WriteString(before + value + "\n")
}

func (t *sideBySide) blob() scanner.Blob {
	return scanner.Blob{
		Place: leak.Variable{Scope: t.whose, Name: "*"},
		Size:  int64(t.text.Len()),
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(t.text.Bytes())), nil
		},
		Part: func(offset int64) scanner.Part {
			i := sort.Search(len(t.starts), func(i int) bool { return t.starts[i] > offset }) - 1
			return t.parts[max(0, i)]
		},
	}
}

package known

import (
	"bytes"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/assign"
)

// Gathered are the values of a source: those that are secrets, and the names of those
// that are left out as none.
type Gathered struct {
	List []Candidate
	Left []string
}

// FromVariables picks the secrets among variables, which are called "label: NAME".
// only are patterns as path.Match has them, one of which a name must match; without
// them a variable counts whose name says that it is one. Where random is set, as for
// a dotenv file, others count too if their value looks random. Of a URL the password
// is taken.
func FromVariables(label string, vars []Variable, only []string, random bool) (g Gathered, err error) {
	for _, v := range vars {
		named := tells(v.Name)
		if len(only) > 0 {
			if named, err = matches(only, v.Name); err != nil {
				return g, err
			}
		}
		name := label + ": " + v.Name
		switch secret, ok := passwordOf(v.Value); {
		case len(only) > 0 && !named:
			continue
		case ok:
			g.List = append(g.List, Candidate{name, leak.NewSecret(secret)})
			clear(secret)
			continue
		case len(v.Value) == 0 || !named && (!random || harmless(v.Value)):
			g.Left = append(g.Left, v.Name)
			continue
		}
		g.List = append(g.List, Candidate{name, leak.NewSecret(v.Value)})
	}
	return g, nil
}

func matches(only []string, name string) (bool, error) {
	for _, pattern := range only {
		if ok, err := path.Match(pattern, name); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// FromLines takes a value a line, without the blanks around it; empty lines and those
// that begin with # are none. They are called "label: line 12", or label alone where
// there is one line.
func FromLines(label string, text []byte) (g Gathered) {
	for n, line := range bytes.Split(text, []byte("\n")) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' {
			g.List = append(g.List, Candidate{fmt.Sprintf("%s: line %d", label, n+1), leak.NewSecret(line)})
		}
	}
	if len(g.List) == 1 {
		g.List[0].Name = label
	}
	return g
}

// FromWhole takes a text as one value, without the line breaks at its end.
func FromWhole(label string, text []byte) Gathered {
	return Gathered{List: []Candidate{{label, leak.NewSecret(bytes.TrimRight(text, "\r\n"))}}}
}

// tells whether a variable's name says that it is a secret, as the assignment rule
// sees it.
func tells(name string) bool {
	written := strings.ToLower(name) + "="
	return slices.ContainsFunc(assign.Keywords(), func(word string) bool { return strings.Contains(written, word) })
}

// passwordOf is the password in a URL, as a program that connects has it.
func passwordOf(value []byte) ([]byte, bool) {
	if !bytes.Contains(value, []byte("://")) || !bytes.Contains(value, []byte("@")) {
		return nil, false
	}
	u, err := url.Parse(string(value))
	if err != nil || u.User == nil {
		return nil, false
	}
	password, ok := u.User.Password()
	return []byte(password), ok && password != ""
}

// What many variables hold that are no secrets: addresses, hosts, paths, numbers and
// identifiers that other parties know.
var (
	shapesOfPlaces = regexp.MustCompile(`(?i)^(\w[\w+.-]*://|\.{0,2}/|~/|[a-z]:[\\/]|[\w.+-]+@[\w-]+\.)|^([a-z0-9_-]+\.)+[a-z]{2,}(:\d+)?(/|$)`)
	shapesOfIDs    = regexp.MustCompile(`(?i)^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[\d., :TZ+-]+|true|false)$`)
)

// leastPerByte is how many bits of strength a byte of something random has at least;
// names of things, be they long, have fewer.
const leastPerByte = 3

// harmless tells whether a value is nothing that anybody would keep secret, as far as
// one can see.
func harmless(value []byte) bool {
	return Check(value, false) != nil || Strength(value) < leastPerByte*len(value) || shapesOfPlaces.Match(value) || shapesOfIDs.Match(value) || assign.Wordy(value) ||
		bytes.ContainsAny(value, " ,;{}<>")
}

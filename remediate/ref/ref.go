// Package ref is the text that stands where a secret stood: where the secret is
// kept now, and never what it is. It is written as vals writes it
// (github.com/helmfile/vals, README "Expression Syntax"), so that `oakum run`
// and vals resolve the same files:
//
//	ref+BACKEND://PATH[?PARAM=VALUE&…][#/KEY][+]
//
//	ref+awssecrets://prod/mysql#/password       AWS Secrets Manager, a member of a JSON document
//	ref+awsssm://prod/docker/username           Parameter Store, /prod/docker/username
//	ref+vault://secret/mysql#/password          KV below the mount "secret"
//	ref+azurekeyvault://my-vault/mysql-password
//	ref+gcpsecrets://my-project/mysql-password
//	ref+age://secrets.age#/mysql_password       an age file beside the code; oakum's own, vals has no such backend
//
// A reference within a longer text ends with "+": postgres://app:ref+…#/password+@db.
//
// Promise: Parse(r.String()) is r, for every valid r. Limit: a KEY is one
// member's name; vals' deeper paths (#/a/b) are read as the key "a/b".
package ref

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// The backends, by vals' names.
const (
	AWSSecrets    = "awssecrets" // oakum:allow: the name of a backend
	AWSParams     = "awsssm"
	Vault         = "vault"
	AzureKeyVault = "azurekeyvault"
	GCPSecrets    = "gcpsecrets" // oakum:allow: the name of a backend
	Age           = "age"
)

// Backends are all of them.
func Backends() []string {
	return []string{AWSSecrets, AWSParams, Vault, AzureKeyVault, GCPSecrets, Age}
}

// Ref is where a secret is kept.
type Ref struct {
	Backend string            // one of the constants
	Path    string            // "prod/mysql"; vault: mount/path; azurekeyvault: vault/name; gcpsecrets: project/name; age: a file
	Key     string            // a member of the JSON document at Path; "" is the whole value
	Params  map[string]string // "region", "address", "version_stage": as vals has them
}

// Validate says what is missing or not expressible.
func (r Ref) Validate() error {
	switch {
	case !slices.Contains(Backends(), r.Backend):
		return fmt.Errorf("reference: unknown backend %q; there are %s", r.Backend, strings.Join(Backends(), ", "))
	case strings.Trim(r.Path, "/") == "":
		return fmt.Errorf("reference to %s: no path", r.Backend)
	case strings.ContainsFunc(r.Path+r.Key, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return fmt.Errorf("reference to %s: a control character in %q", r.Backend, r.Path)
	}
	return nil
}

// String is the reference as vals reads it.
func (r Ref) String() string {
	var s strings.Builder
	s.WriteString("ref+" + r.Backend + "://")
	s.WriteString(escape(r.trimmed()))
	for i, name := range slices.Sorted(maps.Keys(r.Params)) {
		s.WriteByte("?&"[min(i, 1)])
		s.WriteString(url.QueryEscape(name) + "=" + strings.ReplaceAll(url.QueryEscape(r.Params[name]), "+", "%20"))
	}
	if r.Key != "" {
		s.WriteString("#/" + escape(r.Key))
	}
	return s.String()
}

// trimmed is the path as it stands behind "://": vals puts Parameter Store's
// leading slash back. A file keeps it: there it says absolute.
func (r Ref) trimmed() string {
	if r.Backend == Age {
		return r.Path
	}
	return strings.TrimPrefix(r.Path, "/")
}

// Embedded is String with the mark that ends it within a longer text.
func (r Ref) Embedded() string { return r.String() + "+" }

// escape percent-encodes what would end a reference or be read as another part of it.
func escape(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~/@=", c) >= 0 {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, "%%%02X", c)
		}
	}
	return out.String()
}

// shape is a reference within a text. vals ends one at a space, a newline, a
// quote, a comma or "+"; String writes none of these, nor what else is not here.
var shape = regexp.MustCompile(`(?:secret)?ref\+([a-z0-9]+)://([A-Za-z0-9._~/@=:%-]+)(\?[A-Za-z0-9._~/@=:%&-]+)?(#/?[A-Za-z0-9._~/@=%-]+)?\+?`)

// Parse reads one reference that is the whole text.
func Parse(text string) (Ref, error) {
	at := shape.FindStringSubmatchIndex(text)
	if at == nil || at[0] != 0 || at[1] != len(text) {
		return Ref{}, fmt.Errorf("%q is no reference; write ref+BACKEND://PATH#/KEY, as in ref+awssecrets://prod/mysql#/password", text)
	}
	return read(text, at)
}

// read makes a Ref of a match of shape.
func read(text string, at []int) (Ref, error) {
	group := func(n int) string {
		if at[2*n] < 0 {
			return ""
		}
		return text[at[2*n]:at[2*n+1]]
	}
	r := Ref{Backend: group(1)}
	var err error
	if r.Path, err = url.PathUnescape(group(2)); err != nil {
		return Ref{}, fmt.Errorf("reference to %s: %w", r.Backend, err)
	}
	if r.Key, err = url.PathUnescape(strings.TrimPrefix(strings.TrimPrefix(group(4), "#"), "/")); err != nil {
		return Ref{}, fmt.Errorf("reference to %s: %w", r.Backend, err)
	}
	params, err := url.ParseQuery(strings.TrimPrefix(group(3), "?"))
	if err != nil {
		return Ref{}, fmt.Errorf("reference to %s: %w", r.Backend, err)
	}
	for name, values := range params {
		if r.Params == nil {
			r.Params = map[string]string{}
		}
		r.Params[name] = values[0]
	}
	return r, r.Validate()
}

// Found is a reference and where it stands in a text, its "+" included.
type Found struct {
	Ref        Ref
	Start, End int
}

// Find lists the references within text, in order. What looks like one and
// names no backend that is known is an error: resolving the rest would hand a
// program a half resolved text.
func Find(text string) ([]Found, error) {
	var found []Found
	for _, at := range shape.FindAllStringSubmatchIndex(text, -1) {
		r, err := read(text, at)
		if err != nil {
			return nil, err
		}
		found = append(found, Found{r, at[0], at[1]})
	}
	return found, nil
}

// Expand is text with each reference replaced by what resolve gives for it.
func Expand(text string, resolve func(Ref) (string, error)) (string, error) {
	found, err := Find(text)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	last := 0
	for _, f := range found {
		value, err := resolve(f.Ref)
		if err != nil {
			return "", fmt.Errorf("resolve %s: %w", f.Ref, err)
		}
		out.WriteString(text[last:f.Start])
		out.WriteString(value)
		last = f.End
	}
	out.WriteString(text[last:])
	return out.String(), nil
}

package consumer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
)

// Shape is how a consumer wants the credential: one field of it by its name, or a text
// around several, with how each is written there:
//
//	password
//	postgres://{username|url}:{password|url}@db.internal:5432/orders
//
// An encoding is "url" (percent signs, as in the userinfo of a URL), "json" (within
// quotation marks) or "base64"; without one a field stands as it is.
type Shape struct{ text string }

var (
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	inShape   = regexp.MustCompile(`\{([^{}|]*)(?:\|([^{}]*))?\}`)
)

var encodings = map[string]func(string) string{
	"":       func(s string) string { return s },
	"url":    func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") },
	"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"json": func(s string) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false) // as everybody else writes it
		e.Encode(s)            // a string can always be written
		return strings.TrimSuffix(strings.TrimPrefix(b.String(), `"`), "\"\n")
	},
}

// ParseShape reads one. Its errors quote nothing: what was written there by mistake may
// be a value.
func ParseShape(text string) (Shape, error) {
	if fieldName.MatchString(text) {
		return Shape{"{" + text + "}"}, nil
	}
	fields := inShape.FindAllStringSubmatch(text, -1)
	if len(fields) == 0 {
		return Shape{}, errors.New("it is neither a field's name (password) nor a text with some in braces ({password|url}); a value is never written in this file")
	}
	for _, f := range fields {
		if !fieldName.MatchString(f[1]) || encodings[f[2]] == nil {
			return Shape{}, errors.New("what stands in braces is {field} or {field|url}, {field|json}, {field|base64}, with field in lower case")
		}
	}
	return Shape{text}, nil
}

// UnmarshalYAML reads one from a configuration.
func (s *Shape) UnmarshalYAML(n *yaml.Node) (err error) {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: write a field's name, or a text with fields in braces", n.Line)
	}
	if *s, err = ParseShape(n.Value); err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

// IsZero tells whether nothing was asked for.
func (s Shape) IsZero() bool { return s.text == "" }

// Only tells whether a field, as it is, is all that is asked for.
func (s Shape) Only(field string) bool { return s.text == "{"+field+"}" }

// Of is the credential in this shape.
func (s Shape) Of(fields map[string]leak.Secret) (leak.Secret, error) {
	var missing []string
	text := inShape.ReplaceAllStringFunc(s.text, func(f string) string {
		m := inShape.FindStringSubmatch(f)
		v := fields[m[1]]
		if v.IsZero() {
			missing = append(missing, m[1])
		}
		return encodings[m[2]](plain(v))
	})
	if len(missing) > 0 {
		has := slices.Sorted(maps.Keys(fields))
		return leak.Secret{}, fmt.Errorf("the credential has no %s; it has %s", strings.Join(missing, " and "), strings.Join(has, ", "))
	}
	return leak.NewSecret([]byte(text)), nil
}

// Both are the new and the old credential in this shape. The old one is zero where it
// is not known.
func (s Shape) Both(u Update) (want, from leak.Secret, err error) {
	if want, err = s.Of(u.New); err != nil {
		return want, from, err
	}
	from, _ = s.Of(u.Old)
	return want, from, nil
}

package rotate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Form is how a credential stands in the entry of a store: the fields of a JSON
// document, a URL, or the whole value.
type Form struct {
	// Fields name the document's field that holds a part. A part that they do not name
	// is in the field of its own name, or, where it is the only one and the value is no
	// document, the whole value. A part whose field is "." is always the whole value.
	Fields map[string]string `yaml:"fields"`
	// URL is the field that holds user and password in a URL, "." for the whole value.
	URL string `yaml:"url"`
	// Fixed are parts that the entry does not hold, because they are no secrets and do
	// not change: the username of a rotated password.
	Fixed map[string]string `yaml:"fixed"`
}

// whole stands for the value itself, in the place of a field's name.
const whole = "."

// Read takes the parts out of an entry's value.
func (f Form) Read(value leak.Secret, parts []string) (Credential, error) {
	c := Credential{}
	for _, part := range parts {
		v, err := f.part(value, part, len(parts) == 1)
		if err != nil {
			return nil, fmt.Errorf("the %s: %w", part, err)
		}
		c[part] = v
	}
	return c, nil
}

func (f Form) part(value leak.Secret, part string, alone bool) (leak.Secret, error) {
	if fixed, ok := f.Fixed[part]; ok {
		return leak.NewSecret([]byte(fixed)), nil
	}
	if f.URL != "" && (part == Username || part == Password) {
		u, err := f.url(value)
		if err != nil {
			return leak.Secret{}, err
		}
		text := u.User.Username()
		if part == Password {
			text, _ = u.User.Password()
		}
		if text == "" {
			return leak.Secret{}, errors.New("the URL has none")
		}
		return leak.NewSecret([]byte(text)), nil
	}
	return field(value, f.field(value, part, alone))
}

func (f Form) field(value leak.Secret, part string, alone bool) string {
	if name, ok := f.Fields[part]; ok {
		return name
	}
	fields, document := store.Fields(value)
	if _, has := fields[part]; alone && (!document || part == KeyFile && !has) {
		return whole
	}
	return part
}

func field(value leak.Secret, name string) (leak.Secret, error) {
	if name == whole {
		return value, nil
	}
	fields, ok := store.Fields(value)
	if v, has := fields[name]; has {
		return v, nil
	}
	if !ok {
		return leak.Secret{}, fmt.Errorf("the entry is no JSON document, so it has no field %q; say `fields: {%s: .}` where the whole value is meant", name, name)
	}
	return leak.Secret{}, fmt.Errorf("the entry has no text in a field %q, it has %s; say `fields: {part: name}`", name, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
}

// url is the URL that holds user and password. Its error does not quote it.
func (f Form) url(value leak.Secret) (*url.URL, error) {
	text, err := field(value, f.URL)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(store.Plain(text))
	if err != nil || u.User == nil || u.Host == "" {
		return nil, errors.New("it is not read as a URL with a user in it")
	}
	return u, nil
}

// Write is the entry's value with a credential in the place of the one in value. What
// else it holds stays.
func (f Form) Write(value leak.Secret, c Credential) (leak.Secret, error) {
	for part, v := range c {
		if fixed, ok := f.Fixed[part]; ok && !v.Equal(leak.NewSecret([]byte(fixed))) {
			return leak.Secret{}, fmt.Errorf("the %s changes, and the entry does not hold it: programs would go on with the old one. Keep both in one entry, as a JSON document or a URL, and say which `fields` (or `url`) they are", part)
		}
	}
	if f.URL != "" {
		u, err := f.url(value)
		if err != nil {
			return leak.Secret{}, err
		}
		u.User = url.UserPassword(store.Plain(c[Username]), store.Plain(c[Password]))
		if value, err = put(value, f.URL, leak.NewSecret([]byte(u.String()))); err != nil {
			return leak.Secret{}, err
		}
	}
	for _, part := range slices.Sorted(maps.Keys(c)) {
		_, fixed := f.Fixed[part]
		_, named := f.Fields[part]
		if fixed || f.URL != "" && !named && (part == Username || part == Password) {
			continue
		}
		var err error
		if value, err = put(value, f.field(value, part, len(c) == 1), c[part]); err != nil {
			return leak.Secret{}, err
		}
	}
	return value, nil
}

// put sets a field of a document, or the whole value.
func put(value leak.Secret, name string, v leak.Secret) (leak.Secret, error) {
	if name == whole {
		return v, nil
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal([]byte(store.Plain(value)), &all); err != nil || all == nil {
		return leak.Secret{}, errors.New("the entry is no JSON document")
	}
	text, err := json.Marshal(store.Plain(v))
	if err != nil {
		return leak.Secret{}, err
	}
	all[name] = text
	out, err := json.Marshal(all)
	if err != nil {
		return leak.Secret{}, err
	}
	return leak.NewSecret(out), nil
}

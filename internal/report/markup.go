package report

import (
	"errors"
	"fmt"
	"html"
	"reflect"
	"strconv"
	"strings"
)

// markup is the page's template, taken apart. Of html/template's language it has what the
// page needs ({{.Field}}, {{$.Field}}, {{.}}, {{range}}, {{with}}, {{if}}, {{else}}, {{end}}) and of
// its contexts those in which the page has values. It writes what html/template writes,
// which TestMarkup holds.
//
// html/template itself calls methods by their names: where it is linked, so is each
// exported method of each type in the program, 25 MB in one that has a Kubernetes client.
type markup []piece

// piece is a stretch of text with what follows it: a value, or a block.
type piece struct {
	text  string
	act   string // "value", "range", "with", "if", or "" at the end
	path  string // ".", ".Field" or "$.Field"
	where context
	then  markup
	other markup
}

// context is where a value stands: what it is escaped for.
type context uint8

const (
	inText    context = iota // and in the quotes of an attribute: the same characters are escaped
	inAddress                // all of an href
	inAnchor                 // an href's fragment
	inRaw                    // <style> and <script>: ours alone
)

// trusted is a text of this program's own, which is written as it is.
type trusted string

var errMarkup = errors.New("the page's template is not understood")

// parseMarkup takes a template apart.
func parseMarkup(text string) (markup, error) {
	p := markupParser{rest: text}
	m, end, err := p.block()
	if err == nil && end != "" {
		err = fmt.Errorf("%w: %s without a block", errMarkup, end)
	}
	return m, err
}

type markupParser struct {
	rest string
	seen strings.Builder // what was read, without actions
}

// block reads up to the action that ends it: "else", "end", or "" where the text ends.
func (p *markupParser) block() (m markup, end string, err error) {
	for {
		text, rest, more := strings.Cut(p.rest, "{{")
		p.seen.WriteString(text)
		if !more {
			return append(m, piece{text: text}), "", nil
		}
		action, rest, closed := strings.Cut(rest, "}}")
		p.rest = rest
		one := piece{text: text, act: "value", path: action, where: standing(p.seen.String())}
		word, path, _ := strings.Cut(action, " ")
		switch word {
		case "end", "else":
			return append(m, piece{text: text}), word, nil
		case "range", "with", "if":
			one.act, one.path = word, path
			if one.then, end, err = p.block(); err == nil && end == "else" {
				one.other, end, err = p.block()
			}
			if err == nil && end != "end" {
				err = fmt.Errorf("%w: {{%s}} does not end", errMarkup, action)
			}
		}
		if !closed || !isPath(one.path) {
			err = fmt.Errorf("%w: {{%s}}", errMarkup, action)
		}
		if err != nil {
			return nil, "", err
		}
		m = append(m, one)
	}
}

func isPath(s string) bool {
	s, _ = strings.CutPrefix(s, "$")
	return strings.HasPrefix(s, ".") && !strings.ContainsAny(s[1:], " .|()\"")
}

// standing is the context behind a text.
func standing(before string) context {
	switch {
	case strings.HasSuffix(before, ` href="`):
		return inAddress
	case strings.HasSuffix(before, ` href="#`):
		return inAnchor
	case strings.HasSuffix(before, "<style>"), strings.HasSuffix(before, "<script>"):
		return inRaw
	}
	return inText
}

// write writes what the template makes of at; root is what $ stands for.
func (m markup) write(b *strings.Builder, root, at reflect.Value) error {
	for i := range m {
		b.WriteString(m[i].text)
		if m[i].act == "" {
			continue
		}
		v, err := m[i].find(root, at)
		if err == nil {
			err = m[i].does(b, root, at, v)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *piece) find(root, at reflect.Value) (reflect.Value, error) {
	path, ofRoot := strings.CutPrefix(p.path, "$")
	if ofRoot {
		at = root
	}
	if path == "." {
		return at, nil
	}
	if at = reflect.Indirect(at); at.Kind() == reflect.Struct {
		if v := at.FieldByName(path[1:]); v.IsValid() {
			return v, nil
		}
	}
	return at, fmt.Errorf("%w: nothing is called %s", errMarkup, p.path)
}

func (p *piece) does(b *strings.Builder, root, at, v reflect.Value) error {
	there := !v.IsZero() && (v.Kind() != reflect.Slice || v.Len() > 0)
	switch {
	case p.act == "value":
		return p.value(b, v)
	case !there:
		return p.other.write(b, root, at)
	case p.act == "if":
		return p.then.write(b, root, at)
	case p.act == "with":
		return p.then.write(b, root, v)
	case v.Kind() != reflect.Slice:
		return fmt.Errorf("%w: %s is no list", errMarkup, p.path)
	}
	for i := range v.Len() {
		if err := p.then.write(b, root, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (p *piece) value(b *strings.Builder, v reflect.Value) error {
	s := ""
	switch v.Kind() {
	case reflect.String:
		s = v.String()
	case reflect.Int:
		s = strconv.FormatInt(v.Int(), 10)
	default:
		return fmt.Errorf("%w: %s is no text", errMarkup, p.path)
	}
	ours := v.Type() == reflect.TypeFor[trusted]()
	if ours != (p.where == inRaw) {
		return fmt.Errorf("%w: %s stands where it may not", errMarkup, p.path)
	}
	switch p.where {
	case inRaw:
		b.WriteString(s)
		return nil
	case inAddress:
		s = address(s)
	case inAnchor:
		s = percent(s, "")
	}
	b.WriteString(plus.Replace(html.EscapeString(s)))
	return nil
}

// plus is what html.EscapeString leaves and html/template does not: a plus sign begins
// UTF-7 in browsers that are long gone, and a NUL ends a text.
var plus = strings.NewReplacer("+", "&#43;", "\x00", "\uFFFD")

// address is a URL that leads to a page or a mailbox, and nowhere where a click runs
// something; html/template puts "#ZgotmplZ" in the place of others.
func address(s string) string {
	if scheme, _, ok := strings.Cut(s, ":"); ok && !strings.Contains(scheme, "/") {
		switch strings.ToLower(scheme) {
		case "http", "https", "mailto":
		default:
			return "#ZgotmplZ"
		}
	}
	return percent(s, "!#$&*+,/:;=?@[]%")
}

// percent encodes what is no letter, digit or "-._~" (RFC 3986, 2.3), nor among kept. Of
// percent signs, those are kept that encode something.
func percent(s, kept string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '%' && kept != "":
			if i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
				b.WriteByte(c)
				continue
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0, strings.IndexByte(kept, c) >= 0:
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

package leak_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"log"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	texttemplate "text/template"

	"github.com/davecgh/go-spew/spew"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"gopkg.in/yaml.v3"
)

// route prints v; where the printer refuses, its error is what a program prints.
type route struct {
	name  string
	print func(v any) string
}

func routes() []route {
	var all []route
	for _, verb := range strings.Fields(`%v %+v %#v %s %+s %#s %q %#q %x %X %#x %d %o %b %c %U %e %t %p %w %T %08v %-40s %.3s %!`) {
		all = append(all, route{"fmt " + verb, func(v any) string { return fmt.Sprintf(verb, v) }})
	}
	for _, group := range [][]route{fmtRoutes(), logRoutes(), encodingRoutes(), templateRoutes(), testRoutes()} {
		all = append(all, group...)
	}
	return all
}

func fmtRoutes() []route {
	return []route{
		{"fmt.Sprint", func(v any) string { return fmt.Sprint(v) }},
		{"fmt.Sprintln", func(v any) string { return fmt.Sprintln("a", v, 1) }},
		{"fmt.Fprint", func(v any) string { var b bytes.Buffer; fmt.Fprint(&b, v); return b.String() }},
		{"fmt.Appendf", func(v any) string { return string(fmt.Appendf(nil, "%v", v)) }},
		{"fmt.Errorf", func(v any) string { return fmt.Errorf("read %v", v).Error() }},
		{"fmt.Errorf wrapped", func(v any) string { return fmt.Errorf("outer: %w", holder{v}).Error() }},
		{"fmt.Errorf %+v of an error", func(v any) string { return fmt.Sprintf("%+v %#v", holder{v}, holder{v}) }},
		{"errors.Join", func(v any) string { return errors.Join(holder{v}, holder{v}).Error() }},
		{"wrong arguments", func(v any) string {
			bad := strings.Fields(`%d_%[3]*d %*d %.*f %[9]v`) // not constants: vet would see what is wrong
			return fmt.Sprintf(bad[0], v, v, v) + fmt.Sprintf(bad[1], v, v) + fmt.Sprintf(bad[2], v, v) + fmt.Sprintf(bad[3], v)
		}},
		{"strconv.Quote", func(v any) string { return strconv.Quote(fmt.Sprint(v)) }},
		{"recovered panic", func(v any) (s string) {
			defer func() { s = fmt.Sprint(recover()) }()
			panic(v)
		}},
		{"reflect", func(v any) string { return walk(reflect.ValueOf(v), 0) }},
		{"reflect.Value.String", func(v any) string { return reflect.ValueOf(v).String() }},
	}
}

// holder is an error that prints what it holds.
type holder struct{ V any }

func (h holder) Error() string { return fmt.Sprintf("holds %v", h.V) }

func logRoutes() []route {
	handlers := map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	}
	var all []route
	for name, handler := range handlers {
		logged := func(use func(*slog.Logger, any)) func(any) string {
			return func(v any) string {
				var b bytes.Buffer
				use(slog.New(handler(&b)), v)
				return b.String()
			}
		}
		all = append(all,
			route{"slog " + name + " value", logged(func(l *slog.Logger, v any) { l.Info("m", "v", v) })},
			route{"slog " + name + " group", logged(func(l *slog.Logger, v any) { l.Info("m", slog.Group("g", "v", v)) })},
			route{"slog " + name + " with", logged(func(l *slog.Logger, v any) { l.With("v", v).WithGroup("g").Info("m", "w", v) })},
			route{"slog " + name + " struct", logged(func(l *slog.Logger, v any) { l.Info("m", "v", struct{ V any }{v}) })},
			route{"slog " + name + " bad key", logged(func(l *slog.Logger, v any) { l.Info("m", v) })},
		)
	}
	return append(all,
		route{"log.Print", func(v any) string { var b bytes.Buffer; log.New(&b, "", 0).Print(v); return b.String() }},
		route{"log.Printf", func(v any) string { var b bytes.Buffer; log.New(&b, "", 0).Printf("%+v", v); return b.String() }},
		route{"slog.Value", func(v any) string { return slog.AnyValue(v).Resolve().String() }},
	)
}

func encodingRoutes() []route {
	text := func(b []byte, err error) string { return string(b) + fmt.Sprint(err) }
	return []route{
		{"json", func(v any) string { return text(json.Marshal(v)) }},
		{"json indented", func(v any) string { return text(json.MarshalIndent(v, "", " ")) }},
		{"json pointer", func(v any) string { return text(json.Marshal(&v)) }},
		{"json map value", func(v any) string { return text(json.Marshal(map[string]any{"v": v})) }},
		{"json list", func(v any) string { return text(json.Marshal([]any{v})) }},
		{"json stream", func(v any) string {
			var b bytes.Buffer
			err := json.NewEncoder(&b).Encode(v)
			return text(b.Bytes(), err)
		}},
		{"xml", func(v any) string { return text(xml.Marshal(v)) }},
		{"xml element", func(v any) string { return text(xml.Marshal(holder{v})) }},
		{"xml attribute", func(v any) string { return text(xml.Marshal(xmlAttribute{v})) }},
		{"xml text", func(v any) string { return text(xml.Marshal(xmlText{v})) }},
		{"gob", func(v any) string {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return text(b.Bytes(), err)
		}},
		{"yaml", func(v any) string { return text(yaml.Marshal(v)) }},
		{"yaml map value", func(v any) string { return text(yaml.Marshal(map[string]any{"v": v})) }},
		{"asked by interface", asked},
	}
}

type xmlAttribute struct {
	V any `xml:"v,attr"`
}

type xmlText struct {
	V any `xml:",chardata"`
}

// asked calls what a printer may ask a value for.
func asked(v any) string {
	var out []string
	if m, ok := v.(interface{ MarshalText() ([]byte, error) }); ok {
		b, err := m.MarshalText()
		out = append(out, string(b), fmt.Sprint(err))
	}
	if m, ok := v.(interface{ MarshalBinary() ([]byte, error) }); ok {
		b, err := m.MarshalBinary()
		out = append(out, string(b), fmt.Sprint(err))
	}
	if m, ok := v.(fmt.GoStringer); ok {
		out = append(out, m.GoString())
	}
	if m, ok := v.(fmt.Stringer); ok {
		out = append(out, m.String())
	}
	return strings.Join(append(out, fmt.Sprintf("%T", v)), " ")
}

func templateRoutes() []route {
	plain := func(tmpl string) func(any) string {
		t := texttemplate.Must(texttemplate.New("t").Parse(tmpl))
		return func(v any) string { var b bytes.Buffer; err := t.Execute(&b, v); return b.String() + fmt.Sprint(err) }
	}
	page := func(tmpl string) func(any) string {
		t := htmltemplate.Must(htmltemplate.New("t").Parse(tmpl))
		return func(v any) string { var b bytes.Buffer; err := t.Execute(&b, v); return b.String() + fmt.Sprint(err) }
	}
	return []route{
		{"text/template", plain(`{{.}}`)},
		{"text/template printf", plain(`{{printf "%s %q %x %v" . . . .}}`)},
		{"text/template html, js, urlquery", plain(`{{html .}} {{js .}} {{urlquery .}} {{print .}} {{println .}}`)},
		{"html/template", page(`<p>{{.}}</p>`)},
		{"html/template attribute", page(`<p title="{{.}}" class={{.}}>`)},
		{"html/template script", page(`<script>var v = {{.}}; f("{{.}}")</script>`)},
		{"html/template URL", page(`<a href="/?q={{.}}">`)},
		{"html/template printf", page(`{{printf "%+v" .}}`)},
	}
}

func testRoutes() []route {
	return []route{
		{"cmp.Diff", func(v any) string { return cmp.Diff(v, any("another"), exporter) }},
		{"cmp.Diff of lists", func(v any) string { return cmp.Diff([]any{1, v}, []any{v, 2, nil}, exporter) }},
		{"spew.Sdump", func(v any) string { return spew.Sdump(v) }},
		{"spew.Sprint", func(v any) string { return spew.Sprintf("%v %+v %#v %#+v", v, v, v, v) }},
		{"spew without methods", func(v any) string { return (&spew.ConfigState{DisableMethods: true}).Sdump(v) }},
		{"testify Equal", func(v any) string { f := &failure{}; assert.Equal(f, v, "another"); return f.String() }},
		{"testify Nil", func(v any) string { f := &failure{}; assert.Nil(f, v); assert.Empty(f, v); return f.String() }},
		{"testify Contains", func(v any) string { f := &failure{}; assert.Contains(f, []any{v}, "x"); return f.String() }},
	}
}

// exporter lets cmp look into unexported fields.
var exporter = cmp.Exporter(func(reflect.Type) bool { return true })

// failure is the part of a testing.T that testify reports to.
type failure struct{ strings.Builder }

func (f *failure) Errorf(format string, args ...any) { fmt.Fprintf(f, format, args...) }

// walk reads whatever reflection lets it read, unexported fields too.
func walk(v reflect.Value, depth int) string {
	if !v.IsValid() || depth > 8 {
		return ""
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Uint8:
		return string([]byte{byte(v.Uint())})
	case reflect.Pointer, reflect.Interface:
		return walk(v.Elem(), depth+1)
	}
	var out strings.Builder
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			out.WriteString(walk(v.Index(i), depth+1))
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			out.WriteString(walk(it.Key(), depth+1) + walk(it.Value(), depth+1))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			out.WriteString(walk(v.Field(i), depth+1))
		}
	}
	return out.String() + v.Kind().String()
}

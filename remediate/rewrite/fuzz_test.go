package rewrite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// shapes are values of every kind that a secret can be.
func shapes() []string {
	return []string{
		"plain1x", "with space", `dou"ble`, "sin'gle", "back`tick", "$HOME", "${X}", "a#b", "a # b", "a: b", "a=b", "{a}", "[a", "*a", "&a", "!a", "%a", "@a",
		"a,b", `back\slash`, `C:\new`, "ünïcode", "日本", "😀x", "tab\there", "-", "- a", "? a", "null", "true", "12345678", "0x1F", "1e3", "~", "yes", "<<", "'", `"`, `"""`, "'''",
		"line\nbreak", "trailing\n", leaktest.Must(5, `{{pem "EC"}}`), leaktest.Must(6, `{{awsSecret}}`), leaktest.Must(7, `{{randomPassword 40}}`),
	}
}

// writers write a value down the way a format's own library would, between
// other values that must stay.
var writers = map[string]func(v string) (text, value string){
	"a.json": func(v string) (string, string) {
		q := strconv.Quote(v)
		if coded, err := json.Marshal(v); err == nil {
			q = string(coded)
		}
		return `{"before": [1, {"x": null}], "s": ` + q + `, "after": "é\"\\"}`, q
	},
	"a.yaml": func(v string) (string, string) {
		coded, _ := yaml.Marshal(map[string]string{"s": v})
		_, value, _ := strings.Cut(strings.TrimSuffix(string(coded), "\n"), "s: ")
		return "before: [1, {x: ~}] # c\n" + string(coded) + "after: 'é'\n", value
	},
	"a.toml": func(v string) (string, string) {
		coded, _ := toml.Marshal(map[string]string{"s": v})
		_, value, _ := strings.Cut(strings.TrimSuffix(string(coded), "\n"), "s = ")
		return "before = [1, {x = 2}] # c\n" + string(coded) + "after = 'é'\n", value
	},
}

// tree reads with the format's library, not with ours.
func tree(name string, text []byte) (root any, err error) {
	switch {
	case strings.HasSuffix(name, ".json"):
		err = json.Unmarshal(text, &root)
	case strings.HasSuffix(name, ".yaml"):
		err = yaml.Unmarshal(text, &root)
	default:
		var m map[string]any
		err = toml.Unmarshal(text, &m)
		root = m
	}
	return root, err
}

// differing counts the leaves in which two trees differ; -1: their shapes do.
func differing(a, b any) int {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return -1
		}
		sum := 0
		for k := range x {
			n := -1
			if v, ok := y[k]; ok {
				n = differing(x[k], v)
			}
			if n < 0 {
				return -1
			}
			sum += n
		}
		return sum
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return -1
		}
		sum := 0
		for i := range x {
			n := differing(x[i], y[i])
			if n < 0 {
				return -1
			}
			sum += n
		}
		return sum
	}
	if reflect.DeepEqual(a, b) || fmt.Sprint(a) == "NaN" && fmt.Sprint(b) == "NaN" {
		return 0
	}
	return 1
}

// Whatever a value is made of, and however a library writes it, it becomes the
// reference, and nothing else changes.
func TestEveryShape(t *testing.T) {
	seen := 0
	for name, write := range writers {
		for _, v := range shapes() {
			text, value := write(v)
			at := strings.Index(text, value)
			e := Edit{Span: leak.Span{Start: int64(at), End: int64(at + len(value))}, Ref: dbRef, Name: "DB_PASSWORD"}
			if strings.HasPrefix(value, "|") { // YAML's lines: the span of what was found begins behind the header
				e.Span.Start += int64(strings.Index(value, "\n")) + 1
				e.Span.Start += int64(len(text[e.Span.Start:]) - len(strings.TrimLeft(text[e.Span.Start:], " ")))
			}
			res, err := File(name, []byte(text), []Edit{e}, Options{})
			if err != nil || len(res.Made) != 1 {
				t.Errorf("%s: %q: %v %v", name, text, res.Refused, err)
				continue
			}
			before, _ := tree(name, []byte(text))
			after, err := tree(name, res.Content)
			if err != nil || differing(before, after) != 1 {
				t.Errorf("%s: %q became %q, which differs in %d leaves, %v", name, text, res.Content, differing(before, after), err)
				continue
			}
			if got := strings.TrimRight(after.(map[string]any)["s"].(string), "\n"); got != r {
				t.Errorf("%s: %q became %q, whose value is %q", name, text, res.Content, got)
			}
			seen++
		}
	}
	if want := len(writers) * len(shapes()); seen != want {
		t.Errorf("%d of %d cases held", seen, want)
	}
}

// seeds are the cases of the tables.
func seeds() (all []one) {
	all = append(all, javascriptCases...)
	all = append(all, pythonCases...)
	all = append(all, goCases...)
	all = append(all, javaCases...)
	for _, name := range []string{".env", "a.json", "a.yaml", "a.toml", "a.ini", "a.properties", "Dockerfile", "docker-compose.yml", "main.tf", ".gitlab-ci.yml"} {
		for _, text := range []string{"A=«hunter2x»\n", `{"a": "«hunter2x»"}`, "a: «hunter2x»\nb: [1, 'x']\n", "a = \"«hunter2x»\"\n", "FROM a\nENV A=«hunter2x»\n", "variables:\n  A: 1\n  DB_PASSWORD: «hunter2x»\n"} {
			all = append(all, one{name: name, before: text})
		}
	}
	return append(all, one{name: "a.yaml", before: deployment})
}

// FuzzFile: no text and no span makes the rewriter panic; what it refuses it
// leaves alone; what it makes differs, for a reader that is not ours, in one leaf.
func FuzzFile(f *testing.F) {
	n := 0
	for _, c := range seeds() {
		plain, edits := marked(f, c.before)
		f.Add(c.name, []byte(plain), int(edits[0].Span.Start), int(edits[0].Span.End))
		n++
	}
	if n < 100 {
		f.Fatalf("%d seeds", n)
	}
	f.Fuzz(func(t *testing.T, name string, text []byte, start, end int) {
		if strings.ContainsAny(name, "\x00\n") || len(text) > 1<<16 {
			return
		}
		res, err := File(name, text, []Edit{{Span: leak.Span{Start: int64(start), End: int64(end)}, Ref: dbRef, Name: "DB_PASSWORD"}}, Options{Tests: true})
		if err != nil {
			return
		}
		if len(res.Made) == 0 {
			if len(res.Refused) != 1 || !bytes.Equal(res.Content, text) {
				t.Errorf("neither made nor refused: %v", res.Refused)
			}
			return
		}
		again, err := change.Change{Splices: res.Splices}.Apply(text)
		if err != nil || !bytes.Equal(again, res.Content) {
			t.Errorf("the splices make something else: %v", err)
		}
		if res.Format != "json" && res.Format != "yaml" && res.Format != "toml" {
			return
		}
		before, err := tree("a."+res.Format, text)
		if err != nil {
			return // JSON with comments, several documents
		}
		after, err := tree("a."+res.Format, res.Content)
		n := differing(before, after)
		if aliases := bytes.Contains(text, []byte("*")); err != nil || n < 0 || n > 1 && !aliases {
			t.Errorf("%q became %q: %v", text, res.Content, err)
		}
	})
}

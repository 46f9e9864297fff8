package leak_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
)

// The leak matrix: every way that we know of by which a Go program turns a value
// into text (routes), times every way in which a Secret can be held (carriers).
// None may show the value. The same routes over a plain string show that they
// can.

// leastRoutes is how many ways to print a value were found when Secret was
// designed; the list below may grow, not shrink.
const leastRoutes = 53

// carriers are the ways in which a program holds a Secret.
func carriers(s leak.Secret) map[string]any {
	finding := leak.Finding{Sighting: leak.Sighting{Place: leak.File{Name: "a.env"}}, Rule: "generic", Secret: s,
		Parts: []leak.Part{{Rule: "part", Secret: s}}}
	return map[string]any{
		"value":    s,
		"pointer":  &s,
		"field":    struct{ S leak.Secret }{s},
		"hidden":   struct{ s leak.Secret }{s},
		"embedded": struct{ leak.Secret }{s},
		"list":     []leak.Secret{s, s},
		"map":      map[string]leak.Secret{"k": s},
		"finding":  finding,
		"findings": []*leak.Finding{&finding},
		"part":     finding.Parts[0],
		"error":    holder{s},
	}
}

// shapesOf are the texts in which the value would be recognised.
func shapesOf(value string) []string {
	b := []byte(value)
	return []string{
		value, strconv.Quote(value), base64.StdEncoding.EncodeToString(b)[:len(b)], base64.URLEncoding.EncodeToString(b)[:len(b)],
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		strings.Trim(fmt.Sprintf("%d", b), "[]"), strings.Trim(fmt.Sprintf("%#v", b), "[]byte{}"), strings.Trim(fmt.Sprintf("%o", b), "[]"),
		strings.Trim(fmt.Sprintf("% x", b), "[]"), fmt.Sprintf("%b", b)[1:40], fmt.Sprintf("%U", b)[1:40], value[:8],
	}
}

func shows(out string, shapes []string) bool {
	for _, shape := range shapes {
		if strings.Contains(out, shape) {
			return true
		}
	}
	return false
}

func TestNoRouteShowsASecret(t *testing.T) {
	value := leaktest.Must(53, `{{alnum 24}}`)
	shapes := shapesOf(value)
	seen := map[string]bool{}
	for _, r := range routes() {
		seen[r.name] = true
		for name, carrier := range carriers(leak.NewSecret([]byte(value))) {
			out, told := guarded(r.print, carrier)
			if shows(out, shapes) {
				t.Errorf("%s shows a Secret held as %s", r.name, name)
			}
			if !told && out == "" {
				t.Errorf("%s gives nothing for a Secret held as %s: no route", r.name, name)
			}
		}
	}
	if len(seen) < leastRoutes {
		t.Errorf("%d routes, there were %d", len(seen), leastRoutes)
	}
}

// guarded is print's text, or its panic's: that too would be printed.
func guarded(print func(any) string, v any) (out string, panicked bool) {
	defer func() {
		if r := recover(); r != nil {
			out, panicked = fmt.Sprint(r), true
		}
	}()
	return print(v), false
}

// The routes are no routes if a plain string does not come out of them.
func TestRoutesShowAString(t *testing.T) {
	value := leaktest.Must(53, `{{alnum 24}}`)
	shapes, blind := shapesOf(value), 0
	for _, r := range routes() {
		open := []any{value, []byte(value), struct{ S string }{value}, map[string]string{"k": value}}
		shown := false
		for _, v := range open {
			out, _ := guarded(r.print, v)
			shown = shown || shows(out, shapes)
		}
		if !shown {
			blind++
			t.Logf("%s shows no string either", r.name)
		}
	}
	if len(routes())-blind < leastRoutes {
		t.Errorf("only %d routes show a string", len(routes())-blind)
	}
}

// What the runtime prints when nobody recovers is written by the runtime itself.
func TestCrashShowsNoSecret(t *testing.T) {
	value := leaktest.Must(54, `{{alnum 24}}`)
	for i := range 4 {
		if os.Getenv("OAKUM_TEST_CRASH") == strconv.Itoa(i) {
			s := leak.NewSecret([]byte(value))
			panic([]any{s, &s, holder{s}, fmt.Errorf("read %v: %w", s, holder{&s})}[i])
		}
	}
	for i := range 4 {
		crash := exec.Command(os.Args[0], "-test.run=^TestCrashShowsNoSecret$")
		crash.Env = append(os.Environ(), "OAKUM_TEST_CRASH="+strconv.Itoa(i))
		out, err := crash.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("panic: ")) {
			t.Fatalf("crash %d did not happen", i)
		}
		if shows(string(out), shapesOf(value)) {
			t.Errorf("crash %d shows the Secret", i)
		}
	}
}

func TestRedactedIsWhatIsShown(t *testing.T) {
	s := leak.NewSecret([]byte(leaktest.Must(1, `{{alnum 24}}`)))
	for name, got := range map[string]string{
		"%v": fmt.Sprintf("%v", s), "%x": fmt.Sprintf("%x", s), "%#v": fmt.Sprintf("%#v", &s), "%d": fmt.Sprintf("%d", s),
	} {
		if got != leak.Redacted {
			t.Errorf("%s gives %q", name, got)
		}
	}
	b, err := json.Marshal(map[string]any{"a": s, "b": &s})
	if want := `{"a":"[redacted]","b":"[redacted]"}`; string(b) != want || err != nil {
		t.Errorf("json gives %s, %v", b, err)
	}
	b, err = yaml.Marshal(map[string]any{"a": s})
	if want := "a: '[redacted]'\n"; string(b) != want || err != nil {
		t.Errorf("yaml gives %q, %v", b, err)
	}
	b, err = xml.Marshal(struct {
		XMLName xml.Name    `xml:"f"`
		A       leak.Secret `xml:"a,attr"`
		B       leak.Secret `xml:"b"`
	}{A: s, B: s})
	if want := `<f a="[redacted]"><b>[redacted]</b></f>`; string(b) != want || err != nil {
		t.Errorf("xml gives %s, %v", b, err)
	}
}

// A Secret is never read back, in place of a value nor as "[redacted]".
func TestSecretIsNotRead(t *testing.T) {
	var s leak.Secret
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(leak.NewSecret([]byte("x"))); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&b).Decode(&s); err == nil {
		t.Error("gob reads a Secret")
	}
	//lint:ignore SA9005 that nothing is decoded into it is what is tested
	if err := json.Unmarshal([]byte(`"`+leak.Redacted+`"`), &s); err == nil {
		t.Error("json reads a Secret")
	}
	if !s.IsZero() {
		t.Error("the Secret holds something")
	}
}

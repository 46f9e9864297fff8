package rawjson_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

func TestFields(t *testing.T) {
	text := ` { "a" : 1 , "b":"x\"}\\", "c":{"d":["}",{"e":null}]}, "\u0064":[ ], "a":true } `
	var got []string
	if err := rawjson.Fields([]byte(text), func(k, v []byte) bool {
		got = append(got, string(k)+"="+string(v))
		return true
	}); err != nil {
		t.Fatal(err)
	}
	want := `a=1|b="x\"}\\"|c={"d":["}",{"e":null}]}|d=[ ]|a=true`
	if strings.Join(got, "|") != want {
		t.Errorf("%s", strings.Join(got, "|"))
	}
	if v := rawjson.Field([]byte(text), "a"); string(v) != "true" {
		t.Errorf("the last of two fields: %s", v)
	}
	if v := rawjson.At([]byte(text), "c", "d"); string(v) != `["}",{"e":null}]` {
		t.Errorf("At: %s", v)
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{``, `[]`, `{`, `{"a`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1 "b":2}`, `{"a":"\"}`, `{"a":[}`, `{a:1}`, `null`} {
		if rawjson.Fields([]byte(text), func(_, _ []byte) bool { return true }) == nil {
			t.Errorf("%q passes", text)
		}
	}
	if v := rawjson.Field([]byte(`{"uid":"x","rest":{"never ends`), "uid"); string(v) != `"x"` {
		t.Errorf("what stands before the break: %s", v)
	}
}

// Who looks into values tells where they end, or that they do not.
func TestEach(t *testing.T) {
	text := []byte(`{"a":{"b":{"c":1}},"d":2}, more`)
	var got []string
	size, err := rawjson.Each(text, func(key, rest []byte) int {
		got = append(got, string(key))
		if string(key) == "d" {
			return rawjson.Size(rest)
		}
		size, err := rawjson.Each(rest, func(key, rest []byte) int {
			got = append(got, "a."+string(key))
			return rawjson.Size(rest)
		})
		if err != nil {
			t.Error(err)
		}
		return size
	})
	if err != nil || string(text[size:]) != ", more" || strings.Join(got, " ") != "a a.b d" {
		t.Errorf("%d bytes, %v, %q", size, err, got)
	}
	for size, broken := range map[int]bool{0: false, -1: true} {
		n := 0
		_, err := rawjson.Each(text, func(_, _ []byte) int { n++; return size })
		if (err != nil) != broken || n != 1 {
			t.Errorf("%d: %v, %d fields", size, err, n)
		}
	}
}

func TestWalk(t *testing.T) {
	var got []string
	rawjson.Walk([]byte(` {"a":[{"b":1},[{"c":{"d":2}}],[],{}],"\u0065":{"f":{"g":1}} , "h" : "i\"" }`), func(way []rawjson.Step, rest []byte) bool {
		s := ""
		for _, step := range way {
			if step.Key == nil {
				s += "." + strconv.Itoa(step.Index)
			} else {
				s += "." + string(step.Key)
			}
		}
		got = append(got, s+"="+string(rawjson.Value(rest)))
		return !way[len(way)-1].Is("f")
	})
	want := `.a=[{"b":1},[{"c":{"d":2}}],[],{}] .a.0.b=1 .a.1.0.c={"d":2} .a.1.0.c.d=2 .e={"f":{"g":1}} .e.f={"g":1} .h="i\""`
	if strings.Join(got, " ") != want {
		t.Errorf("got %s", strings.Join(got, " "))
	}
	deep := strings.Repeat(`{"a":`, 1e6) + "1" + strings.Repeat("}", 1e6)
	n := 0
	rawjson.Walk([]byte(deep), func([]rawjson.Step, []byte) bool { n++; return true })
	if n == 0 || n > 1000 {
		t.Errorf("followed %d fields down", n)
	}
	whole := []byte(`{"a":[{"b":"c"},[1]],"d":{}}`)
	for cut := range whole { // told up to where it ends
		rawjson.Walk(whole[:cut], func(_ []rawjson.Step, rest []byte) bool { rawjson.Value(rest); return true })
	}
}

// What decoders accept, Fields accepts, and tells the same of.
func FuzzFields(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":"\u00e9\ud83d","c":[[]],"c":{}}`, `{"":" "}`, `{"a":-1e5}`, "{\"\xff\":\"\xff\"}", `{}`, `{ }`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want map[string]json.RawMessage
		valid := json.Unmarshal(text, &want) == nil && want != nil
		got := map[string]string{}
		err := rawjson.Fields(text, func(k, v []byte) bool { got[string(k)] = string(v); return true })
		if !valid {
			return
		}
		if err != nil || len(got) != len(want) {
			t.Fatalf("%q: %d fields of %d, %v", text, len(got), len(want), err)
		}
		for k, v := range want {
			if got[k] != string(v) {
				t.Errorf("%q: field %q is %s, not %s", text, k, got[k], v)
			}
			var s string
			if len(v) > 0 && v[0] == '"' && json.Unmarshal(v, &s) == nil && rawjson.String(v) != s {
				t.Errorf("%q: the string %s is %q", text, v, rawjson.String(v))
			}
		}
	})
}

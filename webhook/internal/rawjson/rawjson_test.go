package rawjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

func TestFields(t *testing.T) {
	text := ` { "a" : 1 , "b":"x\"}\\", "c":{"d":["}",{"e":null}]}, "\u0064":[ ], "a":true } `
	var got []string
	if err := rawjson.Fields([]byte(text), func(k string, v []byte) bool {
		got = append(got, k+"="+string(v))
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
		if rawjson.Fields([]byte(text), func(string, []byte) bool { return true }) == nil {
			t.Errorf("%q passes", text)
		}
	}
	if v := rawjson.Field([]byte(`{"uid":"x","rest":{"never ends`), "uid"); string(v) != `"x"` {
		t.Errorf("what stands before the break: %s", v)
	}
}

func TestWalk(t *testing.T) {
	var got []string
	rawjson.Walk([]byte(`{"a":[{"b":1},[{"c":{"d":2}}]],"e":{"f":{}}}`), func(way []string, _ []byte) bool {
		got = append(got, strings.Join(way, "."))
		return way[len(way)-1] != "f"
	})
	if want := "a a.[0].b a.[1].[0].c a.[1].[0].c.d e e.f"; strings.Join(got, " ") != want {
		t.Errorf("got %s", strings.Join(got, " "))
	}
	deep := strings.Repeat(`{"a":`, 1e6) + "1" + strings.Repeat("}", 1e6)
	n := 0
	rawjson.Walk([]byte(deep), func([]string, []byte) bool { n++; return true })
	if n == 0 || n > 1000 {
		t.Errorf("followed %d fields down", n)
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
		err := rawjson.Fields(text, func(k string, v []byte) bool { got[k] = string(v); return true })
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

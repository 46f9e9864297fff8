package verify

import (
	"net/netip"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	deep := strings.Repeat("<a>", 100) + "x" + strings.Repeat("</a>", 100)
	for _, c := range []struct {
		body, path, want string
		ok               bool
	}{
		{`{"a": {"b": "x"}}`, "a.b", "x", true},
		{`{"a": [{"b": 12345678901234567890}]}`, "a.0.b", "12345678901234567890", true},
		{`{"a": true}`, "a", "true", true},
		{`{"a": {"b": 1}}`, "a", "", true}, // it is there
		{`{"a": null}`, "a", "", false},
		{`{"a": [1]}`, "a.1", "", false},
		{`{"a": [1]}`, "a.-1", "", false},
		{`{"a": 1}`, "a.b", "", false},
		{`[{"slug": "x"}]`, "0.slug", "x", true},
		{`{"a": 1} {"a": 2}`, "a", "", false},
		{`{"a": 1`, "a", "", false},
		{``, "a", "", false},
		{`<?xml version="1.0"?><R xmlns="x"><E><Code> Bad </Code><Code>Second</Code></E></R>`, "E.Code", "Bad", true},
		{`<R><E>`, "E", "", false},
		{deep, strings.Repeat("a.", 98) + "a", "", false},
		{`<!DOCTYPE r [<!ENTITY a "boom">]><R><E>&a;</E></R>`, "E", "", false},
		{`<html><body>sign in</body></html>`, "error.code", "", false},
	} {
		if got, ok := parse([]byte(c.body)).at(c.path); got != c.want || ok != c.ok {
			t.Errorf("%s at %s: %q, %v", c.body[:min(len(c.body), 60)], c.path, got, ok)
		}
	}
}

// FuzzDocument: whatever a host answers, reading it ends.
func FuzzDocument(f *testing.F) {
	seeds := []string{`{"a": {"b": [1, null, "x"]}}`, `<R><E><Code>x</Code></E></R>`, `[[[[]]]]`, `<a`, `{"a"`, "\xff"}
	for _, s := range seeds {
		f.Add([]byte(s), "a.b.0")
	}
	f.Fuzz(func(t *testing.T, body []byte, path string) {
		d := parse(body)
		first, ok := d.at(path)
		if second, again := parse(body).at(path); first != second || ok != again {
			t.Errorf("read twice: %q and %q", first, second)
		}
	})
}

func TestPrivate(t *testing.T) {
	for _, a := range []string{"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.1",
		"255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.0.8", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
		"64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"} {
		if !private(netip.MustParseAddr(a)) {
			t.Errorf("%s is dialled", a)
		}
	}
	for _, a := range []string{"140.82.121.6", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:140.82.121.6"} {
		if private(netip.MustParseAddr(a)) {
			t.Errorf("%s is not dialled", a)
		}
	}
	if !private(netip.Addr{}) {
		t.Error("no address is dialled")
	}
}

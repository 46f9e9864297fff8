package proof_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/proof"
)

// pemHead is the head that the rules look for.
var pemHead = regexp.MustCompile(`-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----`)

var pemKinds = []string{"RSA", "EC", "DSA", "PKCS8", "PKCS8-RSA", "OPENSSH", "PGP", "PKCS8-ENCRYPTED", "OPENSSH-ENCRYPTED", "RSA-ENCRYPTED"}

// pemSettings are the ways in which people write a key down: each takes the PEM
// text's lines.
var pemSettings = map[string]func(lines []string) string{
	"file":         func(l []string) string { return strings.Join(l, "\n") + "\n" },
	"crlf":         func(l []string) string { return strings.Join(l, "\r\n") + "\r\n" },
	"yaml block":   func(l []string) string { return "key: |\n    " + strings.Join(l, "\n    ") + "\nnext: 1\n" },
	"tabs":         func(l []string) string { return "\t\t" + strings.Join(l, "\n\t\t") },
	"json":         func(l []string) string { return `{"key": "` + strings.Join(l, `\n`) + `\n", "a": 1}` },
	"json crlf":    func(l []string) string { return `{"key": "` + strings.Join(l, `\r\n`) + `"}` },
	"json slashes": func(l []string) string { return `"` + strings.ReplaceAll(strings.Join(l, `\n`), "/", `\/`) + `"` },
	"json in json": func(l []string) string { return `"{\"key\":\"` + strings.Join(l, `\\n`) + `\\n\"}"` },
	"env":          func(l []string) string { return "KEY='" + strings.Join(l, `\n`) + "'\nB=2\n" },
	"env lines":    func(l []string) string { return "KEY=\"" + strings.Join(l, "\n") + "\"\n" },
	"java":         func(l []string) string { return "s = \"" + strings.Join(l, "\\n\" +\n        \"") + "\\n\";\n" },
	"java no ends": func(l []string) string { return "s = \"" + strings.Join(l, "\" +\n        \"") + "\";\n" },
	"one row":      func(l []string) string { return `s = "` + strings.Join(l, `\n" + "`) + `\n";` },
	"python":       func(l []string) string { return "s = ('" + strings.Join(l, "\\n'\n     '") + "\\n')\n" },
	"php":          func(l []string) string { return "$s = '" + strings.Join(l, "' . \"\\n\" .\n  '") + "';\n" },
	"c":            func(l []string) string { return "char *s = \"" + strings.Join(l, "\\n\\\n") + "\\n\";\n" },
	"list":         func(l []string) string { return "[\n  \"" + strings.Join(l, "\",\n  \"") + "\"\n]\n" },
	"comment":      func(l []string) string { return "# " + strings.Join(l, "\n# ") + "\n" },
	"slashes":      func(l []string) string { return "// " + strings.Join(l, "\n// ") + "\n" },
	"doc comment":  func(l []string) string { return "/*\n * " + strings.Join(l, "\n * ") + "\n */\n" },
	"diff":         func(l []string) string { return "+" + strings.Join(l, "\n+") + "\n" },
	"quoted mail":  func(l []string) string { return "> " + strings.Join(l, "\n> ") + "\n" },
	"xml":          func(l []string) string { return "<key>" + strings.Join(l, "&#10;") + "</key>" },
}

func TestPEMSettings(t *testing.T) {
	seen := 0
	for _, kind := range pemKinds {
		for seed := range uint64(5) {
			lines := strings.Split(leaktest.Must(seed, fmt.Sprintf("{{pem %q}}", kind)), "\n")
			for name, write := range pemSettings {
				text := []byte("before\n" + write(lines) + "\nafter -----END PRIVATE KEY-----\n")
				head := pemHead.FindIndex(text)
				end, ok := proof.Extent("pem", text, head[0], head[1])
				if !ok || !bytes.HasSuffix(text[:end], []byte(lines[len(lines)-1])) {
					t.Errorf("%s as %s, seed %d: the end is not found", kind, name, seed)
					continue
				}
				if got := proof.Parse("pem", text[head[0]:end]); got.Verdict != proof.Holds {
					t.Errorf("%s as %s, seed %d: %v %q", kind, name, seed, got.Verdict, got.Notes)
				}
				seen++
			}
		}
	}
	if want := len(pemKinds) * len(pemSettings) * 5; seen != want || want < 1000 {
		t.Errorf("%d cases, want %d", seen, want)
	}
}

// A key on one line, its line ends replaced by spaces, as form fields and CI variables have it.
func TestPEMOnOneLine(t *testing.T) {
	for _, kind := range []string{"RSA", "EC", "PKCS8", "OPENSSH"} {
		text := strings.ReplaceAll(leaktest.Must(2, fmt.Sprintf("{{pem %q}}", kind)), "\n", " ")
		if got := proof.Parse("pem", []byte(text)); got.Verdict != proof.Holds {
			t.Errorf("%s: %v %q", kind, got.Verdict, got.Notes)
		}
	}
}

// A key that was cut, shortened or altered is none, wherever that happened.
func TestPEMDamaged(t *testing.T) {
	for _, kind := range []string{"RSA", "EC", "PKCS8-RSA", "OPENSSH", "PGP"} {
		lines := strings.Split(leaktest.Must(4, fmt.Sprintf("{{pem %q}}", kind)), "\n")
		for cut := 1; cut < len(lines)-1; cut++ {
			without := strings.Join(append(append([]string(nil), lines[:cut]...), lines[cut+1:]...), "\n")
			if lines[cut] == "" { // armor's empty line
				continue
			}
			if kind == "PGP" && lines[cut][0] == '=' { // nor is its checksum required
				continue
			}
			if got := proof.Parse("pem", []byte(without)); got.Verdict == proof.Holds {
				t.Errorf("%s without line %d holds", kind, cut)
			}
		}
		short := lines[0] + "\n" + lines[1] + "\n...\n" + lines[len(lines)-1]
		if got := proof.Parse("pem", []byte(short)); got.Verdict != proof.Fails {
			t.Errorf("%s, shortened: %v", kind, got.Verdict)
		}
	}
}

func TestExtentRefuses(t *testing.T) {
	head, tail := "-----BEGIN RSA PRIVATE"+" KEY-----", "-----END RSA PRIVATE"+" KEY-----"
	for name, text := range map[string]string{
		"no end":           head + "\nMIIE\n",
		"another begin":    head + "\nMIIE\n" + head + "\n" + tail,
		"a public end":     head + "\nMIIE\n-----END PUBLIC KEY-----\n",
		"too far":          head + strings.Repeat("A", 1<<16) + tail,
		"a torn end":       head + "\nMIIE\n-----END RSA PRIVATE KEY",
		"an endless label": head + "\n-----END " + strings.Repeat("PRIVATE KEY ", 20) + "-----",
	} {
		if end, ok := proof.Extent("pem", []byte(text), 0, len(head)); ok || end != len(head) {
			t.Errorf("%s: %d, %v", name, end, ok)
		}
	}
	text := []byte(head + "\nMIIE\n" + tail)
	if _, ok := proof.Extent("nosuch", text, 0, len(head)); ok {
		t.Error("an unknown extent is found")
	}
	if _, ok := proof.Extent("pem", text, 5, len(text)+1); ok {
		t.Error("a head beyond the text is taken")
	}
}

// PuTTY's files end with the digits of their MAC; without one, or with another
// file's head before it, there is no end.
func TestPuTTYExtent(t *testing.T) {
	key := leaktest.Must(1, `{{putty "3"}}`)
	head := len("PuTTY-User-Key-File-3: ")
	for _, c := range []struct {
		text string
		end  int
		ok   bool
	}{
		{key + "\nmore", len(key), true},
		{strings.ReplaceAll(key, "\n", `\n`) + `"`, len(strings.ReplaceAll(key, "\n", `\n`)), true},
		{key[:len(key)-80], head, false},
		{key[:60] + "\n" + key, head, false},
		{key[:60] + strings.Repeat("\n", 64<<10) + key[60:], head, false},
	} {
		if end, ok := proof.Extent("putty", []byte(c.text), 0, head); end != c.end || ok != c.ok {
			t.Errorf("%d bytes: %d, %v, want %d, %v", len(c.text), end, ok, c.end, c.ok)
		}
	}
}

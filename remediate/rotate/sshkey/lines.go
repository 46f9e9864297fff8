package sshkey

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/ssh"
)

// offMark begins the line of a key that is deactivated: to sshd it is a comment.
const offMark = "# deactivated by oakum: "

// line is one of authorized_keys with a key in it.
type line struct {
	text      string // without offMark
	off       bool
	authority bool // it lets in whom the key has signed
	key       ssh.PublicKey
}

func same(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// parse reads a line; ok is false where it has no key.
func parse(text string) (l line, ok bool) {
	l.text, l.off = strings.CutPrefix(text, offMark)
	if strings.HasPrefix(strings.TrimSpace(l.text), "#") || strings.TrimSpace(l.text) == "" {
		return line{}, false
	}
	key, _, options, _, err := ssh.ParseAuthorizedKey([]byte(l.text))
	for _, o := range options {
		l.authority = l.authority || strings.EqualFold(o, "cert-authority")
	}
	l.key = key
	return l, err == nil
}

// linesOf are the lines of a key.
func linesOf(text string, key ssh.PublicKey) (all []line) {
	for t := range strings.Lines(text) {
		if l, ok := parse(strings.TrimRight(t, "\r\n")); ok && same(l.key, key) {
			all = append(all, l)
		}
	}
	return all
}

// lives tells whether a key is let in.
func lives(text string, key ssh.PublicKey) bool {
	for _, l := range linesOf(text, key) {
		if !l.off {
			return true
		}
	}
	return false
}

// edit gives each line of a key to change, which says what stands in its place; all else
// stays to the byte.
func edit(text string, key ssh.PublicKey, change func(l line, whole string) string) string {
	var out strings.Builder
	for t := range strings.Lines(text) {
		if l, ok := parse(strings.TrimRight(t, "\r\n")); ok && same(l.key, key) {
			t = change(l, t)
		}
		out.WriteString(t)
	}
	return out.String()
}

func takeOut(text string, key ssh.PublicKey) string {
	return edit(text, key, func(line, string) string { return "" })
}

func turnOff(text string, key ssh.PublicKey) string {
	return edit(text, key, func(l line, whole string) string {
		if l.off {
			return whole
		}
		return offMark + whole
	})
}

func turnOn(text string, key ssh.PublicKey) string {
	return edit(text, key, func(_ line, whole string) string { return strings.TrimPrefix(whole, offMark) })
}

// beside puts a new key after each line of the old one, with its options and comment.
func beside(text string, old, fresh ssh.PublicKey) (string, error) {
	if lives(text, fresh) {
		return text, nil
	}
	if len(linesOf(text, old)) == 0 {
		return "", errors.New("the old key is not there any more: order again")
	}
	return edit(text, old, func(l line, whole string) string {
		if !strings.HasSuffix(whole, "\n") {
			whole += "\n"
		}
		return whole + replaced(l.text, old, fresh) + "\n"
	}), nil
}

// replaced is a line with another key in it.
func replaced(text string, old, fresh ssh.PublicKey) string {
	before, after, _ := strings.Cut(text, base64.StdEncoding.EncodeToString(old.Marshal()))
	before = strings.TrimSuffix(strings.TrimRight(before, " \t"), old.Type())
	return before + fresh.Type() + " " + base64.StdEncoding.EncodeToString(fresh.Marshal()) + after
}

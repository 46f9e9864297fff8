package rules

import (
	"bytes"
	"encoding/base64"

	"github.com/oakum-sec/oakum/rules/assign/beside"
)

// companions are what a match's own groups tell of the value: whose it is, where it
// opens something. Groups are named user, host, database and account.
func (e *entry) companions(m *Match, text []byte, groups []int) (f beside.Facts) {
	value := text[m.Value[0]:m.Value[1]]
	for g, name := range e.names {
		if k, ok := beside.KindOf(name); ok && groups[2*g] >= 0 {
			f.Put(k, text[groups[2*g]:groups[2*g+1]], value)
		}
	}
	if m.Rule.Parse == "basic-auth" {
		basicUser(&f, value)
	}
	return f
}

// basicUser reads the user of "user:password" in base64 (RFC 7617).
func basicUser(f *beside.Facts, value []byte) {
	raw, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(value, "=")))
	if err != nil {
		return
	}
	if user, password, ok := bytes.Cut(raw, []byte(":")); ok {
		f.Put(beside.User, user, password)
	}
}

// Companions are public facts of the value that m found in text: its own groups'
// and, for an assignment, what stands beside it. They are fit to be shown.
func (m *Match) Companions(text []byte) beside.Facts {
	f := m.beside
	if m.Word[1] > 0 {
		near := beside.Near(text, m.Key, m.Value)
		for k := range near {
			if f[k] == "" {
				f[k] = near[k]
			}
		}
	}
	return f
}

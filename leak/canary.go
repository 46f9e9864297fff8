package leak

import "strings"

// Canary begins the note on a credential that was planted: whoever tries it raises an
// alarm. Live checks, plans and rotations leave such alone.
const Canary = "canary: "

// Planted is the note that says of a credential that it was planted; "" of others.
func Planted(notes []string) string {
	for _, n := range notes {
		if strings.HasPrefix(n, Canary) {
			return n
		}
	}
	return ""
}

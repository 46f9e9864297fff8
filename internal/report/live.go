package report

import (
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// LiveText is what an issuer said, in words; "" where nobody was asked.
func LiveText(v *leak.Verification) string {
	if v == nil {
		return ""
	}
	reason := Escape(v.Reason)
	switch v.State {
	case leak.Valid:
		text := "yes, " + Escape(v.Host) + " accepts it"
		if len(v.Identity) > 0 {
			text += " (" + Escape(strings.Join(v.Identity, ", ")) + ")"
		}
		return strings.TrimSuffix(text+": "+reason, ": ")
	case leak.Invalid:
		return strings.TrimSuffix("no, "+Escape(v.Host)+" does not accept it: "+reason, ": ")
	}
	if v.Host != "" {
		reason = Escape(v.Host) + ": " + reason
	}
	return "not known: " + reason
}

// liveness counts what issuers said of the findings.
func liveness(findings []*leak.Finding) string {
	counts := map[leak.Liveness]int{}
	for _, f := range findings {
		if f.Live != nil {
			counts[f.Live.State]++
		}
	}
	if len(counts) == 0 {
		return ""
	}
	return fmt.Sprintf("%d live, %d not, %d not known", counts[leak.Valid], counts[leak.Invalid], counts[leak.Unknown])
}

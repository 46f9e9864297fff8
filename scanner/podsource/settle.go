package podsource

import (
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Settle tells a finding what its object makes of it: a key of AWS in a Secret is
// where secrets belong, and still a key that never changes where a role would do.
func Settle(f *leak.Finding) {
	p, ok := f.Place.(leak.ObjectField)
	if ok && strings.HasPrefix(f.Rule, "aws-") && strings.HasSuffix(p.Object, "/Secret") {
		f.Notes = append(f.Notes, "static identity: a role needs no key (IAM roles for service accounts, EKS Pod Identity)")
	}
}

package leaktest

import (
	"encoding/base64"
	"fmt"
)

// supabaseKey is one of a project's two JSON Web Tokens ("anon", "service_role"):
// issuer, project of 20 letters, role and times in this order, valid for ten years
// (supabase.com/docs/guides/api/api-keys).
func (d *dice) supabaseKey(role string) string {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	issued := 1_700_000_000 + int64(d.IntN(1_000_000))
	payload := fmt.Sprintf(`{"iss":"supabase","ref":"%s","role":"%s","iat":%d,"exp":%d}`, d.must(lower, 20), role, issued, issued+315_360_000)
	return part(`{"alg":"HS256","typ":"JWT"}`) + "." + part(payload) + "." + base64.RawURLEncoding.EncodeToString(d.signature())
}

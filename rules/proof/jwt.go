package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// parseJWT reads a JSON Web Token in its compact form (RFC 7519; three parts are
// a JWS, RFC 7515; five a JWE, RFC 7516). Of its claims only the issuer and the
// expiry are told: the rest may be personal.
func parseJWT(value []byte) Result {
	parts := bytes.Split(value, []byte("."))
	if len(parts) != 3 && len(parts) != 5 {
		return fails()
	}
	var head struct {
		Alg string `json:"alg"`
		Enc string `json:"enc"`
	}
	if !jsonPart(parts[0], &head) || head.Alg == "" {
		return fails()
	}
	if len(parts) == 5 {
		return parseJWE(parts, head.Enc)
	}
	var claims struct {
		Issuer  any `json:"iss"`
		Subject any `json:"sub"`
		Name    any `json:"name"`
		Role    any `json:"role"`
		Expiry  any `json:"exp"`
	}
	if !jsonPart(parts[1], &claims) {
		return unsure("signed, but its payload is not JSON")
	}
	if claims.Subject == "1234567890" && claims.Name == "John Doe" {
		return fails("the example of jwt.io") // copied everywhere
	}
	result := holds()
	if iss, _ := claims.Issuer.(string); shown(iss) != "" {
		result.Notes = append(result.Notes, "issuer "+iss)
	}
	if exp, ok := claims.Expiry.(float64); ok && exp > 0 && exp < 1<<37 { // past year 6000 it is no date
		result.Expires = time.Unix(int64(exp), 0).UTC()
	}
	switch { // supabase.com/docs/guides/api/api-keys; its self-hosting guide prints the demo keys
	case claims.Issuer == "supabase" && claims.Role == "anon":
		return result.low("role anon, which Supabase means to be public")
	case claims.Issuer == "supabase-demo":
		return result.low("a demo key that Supabase publishes")
	}
	return signed(result, head.Alg, parts[2])
}

// signatureSizes are in bytes (RFC 7518, section 3; RFC 8037); RSA's depend on the key.
var signatureSizes = map[string]int{
	"HS256": 32, "HS384": 48, "HS512": 64, "ES256": 64, "ES384": 96, "ES512": 132, "ES256K": 64, "EdDSA": 64,
}

// signed looks at the signature's form; its truth takes a key that we don't have.
func signed(result Result, alg string, signature []byte) Result {
	if strings.EqualFold(alg, "none") {
		if len(signature) > 0 {
			return fails()
		}
		return result.low("unsigned (alg none)")
	}
	raw, err := base64.RawURLEncoding.DecodeString(string(bytes.TrimRight(signature, "=")))
	want, known := signatureSizes[alg]
	rsa := len(alg) == 5 && (strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS"))
	if err != nil || len(raw) == 0 || known && len(raw) != want || rsa && len(raw) < 128 {
		result.Verdict = Unsure
		result.Notes = append(result.Notes, "its signature is cut or altered")
	}
	return result
}

// parseJWE sees a header, an encrypted key (empty for direct encryption), an
// initialization vector, the ciphertext and a tag. Who holds it can present it.
func parseJWE(parts [][]byte, enc string) Result {
	for i, part := range parts[1:] {
		raw, err := base64.RawURLEncoding.DecodeString(string(part))
		if err != nil || len(raw) == 0 && i > 0 {
			return fails()
		}
	}
	if enc == "" {
		return fails()
	}
	return holds("encrypted token (JWE)")
}

// jsonPart decodes base64url of one JSON object, into v.
func jsonPart(part []byte, v any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(string(bytes.TrimRight(part, "=")))
	return err == nil && isObject(raw) && json.Unmarshal(raw, v) == nil
}

func isObject(raw []byte) bool {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	return len(raw) > 0 && raw[0] == '{' && json.Valid(raw)
}

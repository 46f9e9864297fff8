package proof

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// parseBase64JSON wants a JSON object in base64, after an optional prefix and
// before an optional "_" or "." and more, as Grafana Cloud's, Sentry's, Mapbox's
// and 1Password's tokens are built: glc_eyJ…, sntrys_eyJ…_…, sk.eyJ….….
func parseBase64JSON(value []byte) Result {
	at := bytes.Index(value, []byte("eyJ")) // base64 of {"
	if at < 0 {
		return fails()
	}
	body := value[at:]
	if raw, ok := decode64(body); ok && isObject(raw) {
		return holds()
	}
	const shortest = 20 // what follows: Mapbox's has 22 characters, Sentry's 43
	rest := body[:max(len(body)-shortest, 0)]
	for range 8 { // base64 of the URL's alphabet has "_" too
		i := bytes.LastIndexAny(rest, "_.")
		if i < 0 {
			break
		}
		rest = rest[:i]
		if raw, ok := decode64(rest); ok && isObject(raw) {
			return holds()
		}
	}
	return fails()
}

// basicExamples are the pairs of RFC 7617 and of documentation everywhere.
var basicExamples = []string{"Aladdin:open sesame", "test:123£", "username:password", "user:password", "user:pass", "username:token"}

// parseBasicAuth wants "user:password" in base64 (RFC 7617; the auth of Docker's
// config.json), printable and with something on at least one side of the colon.
func parseBasicAuth(value []byte) Result {
	raw, ok := decode64(value)
	if !ok || len(raw) < 4 || !utf8.Valid(raw) {
		return fails()
	}
	user, password, ok := bytes.Cut(raw, []byte(":"))
	if !ok || len(user) == 0 && len(password) < 3 {
		return fails()
	}
	for _, r := range string(raw) {
		if !unicode.IsPrint(r) {
			return fails()
		}
	}
	for _, example := range basicExamples {
		if string(raw) == example {
			return fails()
		}
	}
	return holds()
}

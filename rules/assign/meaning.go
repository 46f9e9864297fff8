package assign

// strength is how plainly a name says that its value is a secret.
type strength byte

const (
	nothing    strength = iota // it means something else: token_type, public_key
	aKey                       // a key, but of what? a map's as likely as a lock's
	aToken                     // token, credential, auth: often a name's or a parser's
	anAPIKey                   // api_key, private_key, access_key, encryption_key
	aSecret                    // secret, client_secret
	aPassword                  // password and its short forms
	unknowable                 // no word of the list: only a keyword in passing
)

// strengths is how many there are.
const strengths = 7

// aside are words that, last in a name, say that the value is about the secret
// and not the secret: its type, its place, its size, its screen.
var aside = set("id", "ids", "name", "type", "field", "file", "filename", "path", "dir", "directory", "url", "uri", "endpoint", "host", "port",
	"length", "len", "size", "count", "max", "min", "expire", "expires", "expiry", "expiration", "expiring", "ttl", "age", "policy", "policies", "hint", "label",
	"placeholder", "title", "message", "msg", "error", "err", "prompt", "page", "form", "format", "regex", "regexp", "pattern", "rule", "rules",
	"validator", "validation", "validate", "valid", "strength", "version", "algorithm", "alg", "algo", "provider", "class", "factory", "manager", "service", "store", "storage", "enabled",
	"enable", "disabled", "required", "index", "column", "col", "table", "prefix", "suffix", "header", "param", "parameter", "var", "variable", "arn", "ref", "reference", "mode",
	"kind", "scope", "status", "state", "position", "pos", "limit", "callback", "handler", "hash", "hashed", "digest", "sha", "md", "fingerprint", "thumbprint", "issuer",
	"lifetime", "timeout", "interval", "offset", "separator", "delimiter", "template", "description", "desc", "option", "options", "attribute", "attr", "property",
	"prop", "changed", "date", "time", "timestamp", "usage", "encoding", "encoder", "decoder", "iteration", "source", "location", "selector", "lookup", "spec", "text", "help", "view",
	"controller", "screen", "button", "input", "link", "email", "mail", "subject", "dialog", "component", "module", "package", "plugin", "namespace", "ns", "group", "set", "list", "array", "map", "dict",
	"parser", "reader", "writer", "stream", "generator", "resolver", "helper", "util", "utils", "test", "tests", "exception", "schema", "model", "object", "obj", "func", "function",
	"method", "cmd", "command", "flag", "role", "user", "username", "owner", "org", "repo", "server", "domain", "realm", "audience", "aud", "claim", "claims", "bits", "order", "level", "weight",
	"process", "processor", "converter", "transform", "transformer", "filter", "checker", "check", "verify", "verifier", "verification", "match", "matches", "equal", "equals", "change", "reset", "update", "forgot", "forgotten", "recover", "recovery",
	"created", "updated", "modified", "at", "by", "on", "off", "is", "has", "not", "empty", "null", "present", "missing", "incorrect", "mismatch", "weak", "requirement", "character", "chars", "history", "rotation", "authentication",
	"grant", "response", "request", "req", "resp", "res", "result", "event", "action", "icon", "image", "img", "color", "style", "width", "height", "env", "envvar", "environment", "config", "configuration", "settings", "mount", "volume", "vault", "backend", "engine",
	"cost", "rounds", "nonce", "iv", "curve", "ops", "algorithms", "cipher", "ciphers", "uuid", "guid", "ident", "identifier", "serial", "number", "num", "no", "idx", "code", "url", "urls", "pages", "page", "cookie", "session",
	"encode", "decode", "get", "split", "replace", "strip", "trim", "join", "append", "add", "push", "concat", "includes", "contains", "exec", "find", "should", "be", "assert", "expect", "kind", "startswith", "endswith", "indexof", "hex", "iv", "qc", "string", "operator", "query", "sql", "cidr", "cidrs", "postfix", "matcher", "mechanism", "mechanisms", "phase", "duration", "contents", "accessor", "case", "visible", "bound", "last", "used", "sock", "socket", "needed", "start", "icontains", "btn", "submit", "heading", "header", "caption", "tooltip", "notice", "warning", "arg", "args", "argument", "context", "fail", "failed", "failure", "expired", "memory")

// noise are names that hold a keyword and mean none.
var noise = vocabularyOf("pass-thru", "pass_thru", "passthru", "pass-through", "pass_through", "nopass", "sequencetoken", "sequence_token", "sequence-token", "work-unit", "public", "pubkey", "csrf", "xsrf", "tokeniz", "secretar", "keyword", "author_", "foreign_key", "primary_key", "primarykey", "foreignkey",
	"partition_key", "partitionkey", "sort_key", "sortkey", "cache_key", "cachekey", "hotkey", "keyboard", "keypress", "keydown", "keyup", "keycode", "site_key", "sitekey",
	"maxtoken", "nexttoken", "pagetoken", "continuation",
	"nopasswd", "translation_key", "i18n", "publishable", "routing_key", "routingkey", "object_key", "objectkey", "s3_key", "config_key", "configkey", "key_type", "data_key", "idempotency", "authenticity", "encrypted_", "encrypted-", "encryptedkey", "encryptedpass", "encryptedsecret", "encryptedtoken", "tokenhandle", "initial-cluster", "starting_token", "starting-token", "startingtoken", "page-token", "forwardtoken", "backwardtoken", "clienttoken", "client-token", "creationtoken", "creation-token", "amz-credential", "amz_credential", "s3key", "secretsmanager", "secretmanager", "hashed_", "hash_secret", "project_key", "projectkey", "project-key", "token_address", "tokenaddress", "passwordsender", "password_sender", "password-toggle", "dirnamepwd", "oldpwd", "renderpass", "render_pass", "envkey", "env_key", "rowkey", "row_key", "next-token", "change-token", "changetoken", "updatetoken", "locktoken", "lock-token", "verificationtoken", "dkimtoken", "fromsecret", "from_secret")

// ofKeys are words that, before "key", say that it opens something.
var ofKeys = set("api", "access", "secret", "private", "auth", "encryption", "encrypt", "encrypted", "encryptor", "encryptkey", "signing", "sign", "signature", "master", "account", "shared", "license", "licence", "crypt", "crypto", "cipher", "aes", "des", "hmac", "jwt",
	"session", "storage", "app", "application", "consumer", "client", "customer", "admin", "service", "server", "deploy", "integration", "write", "ingest", "ssh", "rsa", "ecdsa", "dsa", "tls", "ssl", "pgp", "gpg", "sas", "subscription", "rest", "host", "function", "merchant", "security", "token", "activation", "registration",
	"stripe", "google", "aws", "azure", "github", "gitlab", "twilio", "sendgrid", "mailgun", "openai", "anthropic", "datadog", "dd", "newrelic", "relic", "pagerduty", "sentry", "segment", "algolia", "maps", "firebase", "fcm", "gcm", "recaptcha", "captcha", "webhook", "vapid", "etherscan", "infura", "alchemy")

// meaning weighs a name: what kind of secret its words name, and whether what
// follows them says that it is about one.
func meaning(name []byte) (strength, bool) {
	if stated(name) {
		return aPassword, true
	}
	p := split(name)
	if noise.in(name) || asks(name, &p) {
		return nothing, false
	}
	kind, at := unknowable, 0
	for i := range p.n { // from the last word on
		k := kindOf(&p, i)
		switch {
		case k == unknowable && !is(p.words[i], aside):
		case k == unknowable && kind == unknowable:
			return nothing, false // a word after the secret's: token_type
		case k == unknowable || asideAfter(p.words[i]):
			return kind, at == 0 // a word before it, and all before that, is about something else: password_reset_token
		case kind == unknowable:
			kind, at = k, i
		case kind == aKey && k == aPassword:
			return aKey, at == 0 // the name of an entry that holds a password: adminPasswordKey
		default:
			kind = max(kind, k)
		}
	}
	return kind, at == 0
}

// asks tells whether a name is a question (isPassword, has_secret; a redis_password
// asks nothing), or a token of a text.
func asks(name []byte, p *phrase) bool {
	if p.n > 1 && (is(p.words[p.n-1], questions) || is(p.words[0], tokenWords) && is(p.words[1], texts)) {
		return true
	}
	return hasFold(name, "ispass") || hasFold(name, "haspass") || hasFold(name, "issecret")
}

var (
	questions  = set("is", "has", "was", "should", "can", "no", "without")
	tokenWords = set("token", "tokens")
	// texts are what a token of a language model or of a list of pages is of.
	texts = set("max", "num", "pad", "eos", "bos", "unk", "sep", "cls", "mask", "stop", "special", "next", "page", "input", "output", "prompt", "completion", "total", "separator", "delimiter")
)

// stated tells whether the name is no name but a command that takes a password.
func stated(name []byte) bool {
	return hasFold(name, "identified by") || hasFold(name, "convertto-securestring")
}

// means is what the name means where it stands: a function that takes a password
// without a name says what its argument is.
func (a *Assignment) means(text []byte) (strength, bool) {
	name := text[a.Key[0]:a.Key[1]]
	if a.Op == Args && positional(name) {
		return aPassword, true
	}
	return meaning(name)
}

// asideAfter tells whether a word is a compound such as passwordfile or tokentype.
func asideAfter(w []byte) bool {
	for _, k := range []string{"password", "passwd", "passphrase", "secret", "token"} {
		for i := 0; i+len(k) < len(w); i++ {
			if hasFold(w[i:], k) {
				return is(w[i+len(k):], aside)
			}
		}
	}
	return false
}

// kindOf tells what a name's i-th word, with the one before it, names.
func kindOf(p *phrase, i int) strength {
	w := p.words[i]
	switch {
	case contains(w, "passw") || contains(w, "passphrase") || contains(w, "passcode") || endsPass(w) || hasFold(w, "pwd") || len(w) == 2 && hasFold(w, "pw") || len(w) > 3 && hasFold(w[len(w)-3:], "pwd"):
		return aPassword
	case contains(w, "secret"):
		return aSecret
	case contains(w, "apikey") || contains(w, "accesskey") || contains(w, "privatekey") || contains(w, "authkey"):
		return anAPIKey
	case contains(w, "token") || contains(w, "credential") || hasFold(w, "auth") && len(w) <= 5:
		return aToken
	case is(w, animals):
	case len(w) >= 3 && hasFold(w[len(w)-3:], "key") || len(w) == 4 && hasFold(w, "keys"):
		if i+1 < p.n && is(p.words[i+1], ofKeys) || len(w) > 3 && is(w[:len(w)-3], ofKeys) {
			return anAPIKey
		}
		return aKey
	}
	return unknowable
}

// animals end like keys, and so do others: SurveyMonkey.
var animals = set("monkey", "donkey", "turkey", "hockey", "jockey", "surveymonkey", "whiskey")

// endsPass tells whether a word is pass, or a short form that ends so: dbpass.
func endsPass(w []byte) bool {
	return len(w) >= 4 && len(w) <= 10 && hasFold(w[len(w)-4:], "pass") && !hasFold(w, "bypass") && !hasFold(w, "compass") && !hasFold(w, "askpass")
}

// about tells whether a name's words before the secret's make it something else
// than the secret, most of the time: ERROR_BAD_PASSWORD, forgot_password, check_password.
func about(name []byte) bool {
	p := split(name)
	for _, w := range p.words[:p.n] {
		if is(w, abouts) {
			return true
		}
	}
	return false
}

var abouts = set("status", "grant", "error", "err", "er", "nerr", "msg", "message", "no", "not", "allow", "require", "check", "validate", "verify", "is", "has", "get", "show", "hide", "enable", "disable", "forgot", "reset", "change", "invalid", "incorrect", "bad", "missing", "min", "max", "num", "confirm", "confirmation", "type", "request", "need", "unauthorized", "lost", "update", "create", "generate", "hash", "header", "param", "column", "field", "text", "label", "title", "attr", "property", "event", "action")

package assign

import "bytes"

// standIns are words that say that a real value is to stand in their place.
var standIns = vocabularyOf("your_", "your-", "your ", "replace", "placeholder", "insert-", "insert_", "redacted", "todo", "fixme", "xxxx", "****", "...",
	"put_", "put-", "enter_", "enter-", "goes_here", "goes-here", "_here", "-here", "mytoken", "my_token", "my-token", "mysecretkey", "my_secret_key", "my-secret-key", "myapikey", "my_api_key", "my-api-key", "masked", "removed", "censored", "not_set", "notset", "undefined", "unset")

// placeholder tells whether a value stands for another one: a mask, a form to fill in.
func placeholder(v []byte) bool {
	if v[0] == '<' || v[0] == '[' && v[len(v)-1] == ']' || v[len(v)-1] == '>' {
		return true
	}
	name, _, _ := bytes.Cut(v, []byte("@")) // of a URL
	return is(name, fieldNames) || monotone(v) || bytes.Contains(v, []byte("EXAMPLE")) || standIns.in(v) || hasFold(v, "your") || hasFold(v, "--") || hasFold(v, "##")
}

// fieldNames are what documentation writes for a value: api_key:api_secret.
var fieldNames = set("api_key", "api_secret", "api_token", "access_key", "access_token", "auth_token", "client_secret", "secret_key")

// monotone tells whether a value has at most two different letters or digits, or
// none: xxxxxxxx, ********, --------, 0000.
func monotone(v []byte) bool {
	var a, b byte
	for _, c := range v {
		switch {
		case !isLetter(c) && !isDigit(c):
			if c >= 0x80 {
				return false
			}
		case a == 0 || c == a:
			a = c
		case b == 0 || c == b:
			b = c
		default:
			return false
		}
	}
	return b == 0 && !isDigit(a) || len(v) > 8
}

// constants are the words that languages and formats give a meaning to.
var constants = set("true", "false", "null", "nil", "none", "undefined", "void", "nan", "yes", "no", "on", "off", "self", "this", "super", "string", "str", "int", "integer", "bool", "boolean", "bytes", "byte", "char", "float", "double", "number", "object", "any", "unknown", "never", "array", "list", "dict", "map", "text",
	"required", "optional", "await", "async", "new", "function", "func", "lambda", "return", "not", "if", "else", "elif", "for", "and", "or", "is", "in", "let", "var", "const", "default", "struct", "interface", "type", "enum", "def", "class", "date", "datetime", "uuid", "varchar", "enabled", "disabled", "basic", "bearer", "oauth", "oauth2", "jwt", "include", "omit", "same", "inherit", "disable", "enable", "auto", "never", "always", "empty", "todo", "tbd", "n/a", "missing", "invalid", "wrong", "incorrect", "fail", "failed", "error", "success", "ok", "the", "a", "an", "with", "typeof", "instanceof", "require", "import", "from", "delete", "throw", "raise", "static", "public", "private", "readonly", "final", "nullptr", "unset", "key", "value", "digest-md5", "cram-md5", "plain", "scram-sha-1", "scram-sha-256", "xoauth2", "ntlm", "gssapi", "files", "compat", "systemd", "keep", "granted", "denied", "define", "undef", "defined", "on_create", "on_update", "opaque", "translucent", "offscreen", "utf-8", "utf8", "utf-16", "iso-8859-1", "ascii", "latin1", "latin-1", "hex", "base", "none:none", "auto-generate")

// doubts are words that make a value less likely to be real, without ruling it out.
var doubts = vocabularyOf("example", "changeme", "change", "dummy", "sample", "your", "hidden", "here", "placeholder", "insert")

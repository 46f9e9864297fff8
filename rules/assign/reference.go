package assign

import "bytes"

// referenceMarks are the beginnings of values that name where a secret is kept.
var referenceMarks = vocabularyOf(
	"${", "$(", "$env:", "{{", "<%", "#{", "%{", "@{", "!ref", "!sub", "!vault", "!env", "!secret", "!join", "!getatt", "!importvalue",
	"process.env", "os.environ", "os.getenv", "import.meta", "system.getenv", "getenv(", "env(", "env.", "env:", "env[", "var.", "local.", "data.", "module.", "secrets.", "vars.", "values.", "params.", "parameters.", "inputs.",
	"vault:", "vault(", "ref+", "arn:", "urn:", "op://", "file:", "ssm:", "sm://", "gcp:", "aws:", "azure:", "secretsmanager:", "keyring:", "keychain:", "resolve:", "{{resolve:", "{resolve",
	"enc[", "enc(", "{cipher}", "{aes}", "{jenkins}", "ansible_vault", "$ansible_vault", "@microsoft.keyvault", "projects/", "classpath:", "configmap:", "secretkeyref", "valuefrom",
	"http://", "https://", "ftp://", "s3://", "gs://", "/tmp/", "/var/", "/etc/", "/usr/", "/opt/", "/dev/", "/run/", "/home/", "/root/", "/proc/", "@/", "./", "../", "~/", "c:\\", "%(", "%s", "%v", "%q", "%d", "%1", "%[", "{0}", "{1}", "@@", "__",
)

// reference tells whether a value only points at a secret: a variable, a template,
// a store's path, an encrypted value, a URL without a password, a file.
func reference(v []byte, bare bool) bool {
	if template(v) || path(v) {
		return true
	}
	if referenceMarks.starts(v) || v[0] == '/' && pathLike(v) {
		return true
	}
	if bare && variableInside(v) {
		return true
	}
	if v[0] == '$' && (bare && !stored(v) || identifier(v[1:])) {
		return true
	}
	if v[0] == '$' && v[len(v)-1] == '$' && identifier(v[1:len(v)-1]) || v[0] == '%' && v[len(v)-1] == '%' || v[0] == '{' && v[len(v)-1] == '}' && !object(v) || v[0] == '@' && identifier(v[1:]) && v[len(v)-1] == '@' {
		return true
	}
	return bytes.Contains(v, []byte("${")) || bytes.Contains(v, []byte("#{")) || bytes.Contains(v, []byte("{{")) || bytes.Contains(v, []byte("$(")) || bytes.Contains(v, []byte("://")) && !bytes.Contains(v, []byte("@"))
}

// variableInside tells whether a shell's variable stands in v: pre-$NAME.
func variableInside(v []byte) bool {
	for i := 0; i+3 < len(v); i++ {
		if v[i] == '$' && isUpper(v[i+1]) && isUpper(v[i+2]) && (isUpper(v[i+3]) || v[i+3] == '_') {
			return true
		}
	}
	return false
}

// path tells whether a value is words that slashes join: a store's path, a package,
// a type of media. Base64 has slashes too, and no words between them.
func path(v []byte) bool {
	t := count(v)
	return t.base64 > 0 && bytes.IndexByte(v, '/') > 0 && t.base64 == bytes.Count(v, []byte("/")) && t.symbol+t.space+t.wide == 0 &&
		t.lower > len(v)/2 && oddity(v) <= 0 && bytes.IndexByte(v, ':') < 0 && v[len(v)-1] != '/'
}

// address tells whether a value is a mail address.
func address(v []byte) bool {
	at := bytes.IndexByte(v, '@')
	return at > 0 && bytes.IndexByte(v[at:], '.') > 1 && bytes.Count(v, []byte("@")) == 1 && oddity(v) <= len(v)/2 && count(v).symbol == 1
}

// template tells whether a value is a name between or behind marks that a build fills in: @NAME@, @NAME.
func template(v []byte) bool {
	return len(v) > 4 && v[0] == '@' && count(v).lower == 0 && identifier(bytes.TrimSuffix(v[1:], []byte("@"))) && bytes.IndexByte(v, '_') > 0
}

// object tells whether a value in braces is JSON, whose members may be signed.
func object(v []byte) bool {
	return bytes.Contains(v, []byte(`":`)) || bytes.Contains(v, []byte(`" :`)) || bytes.Contains(v, []byte(`\":`))
}

// pathLike tells whether a value that begins with a slash is a path: words with
// slashes or dots between them. Base64 may begin with a slash too.
func pathLike(v []byte) bool {
	return len(v) < 20 || oddity(v) < 2*len(v)
}

// stored tells whether a value is a password's or file's hash rather than it:
// crypt's $6$…, LDAP's {SSHA}…, sha256:…, or an integrity attribute.
func stored(v []byte) bool {
	if len(v) > 12 && v[0] == '$' && (v[2] == '$' || v[3] == '$' || hasFold(v, "$argon2") || hasFold(v, "$pbkdf2") || hasFold(v, "$scrypt") || hasFold(v, "$2")) {
		return true
	}
	if i := bytes.IndexByte(v, ':'); i > 0 && i < len(v)-12 && v[i+1] == '$' && bytes.Count(v[i+1:], []byte("$")) >= 3 {
		return true // user:$apr1$…, a line of a password file
	}
	if n := len(v); n == 35 && hasFold(v, "md5") && count(v[3:]).hex == 32 || n == 41 && v[0] == '*' && count(v[1:]).hex == 40 {
		return true // PostgreSQL's and MySQL's
	}
	return hashMarks.starts(v) || len(v) == 62 && hasFold(v, "age1") // age's recipients are public
}

// hashMarks are the beginnings of hashes, and of public keys.
var hashMarks = vocabularyOf("sha256:", "sha1:", "sha512:", "sha256-", "sha384-", "sha512-", "sha1-", "md5:", "{ssha", "{sha", "{md5", "{crypt", "{bcrypt}", "{pbkdf2", "pbkdf2_", "pbkdf2:", "md5$", "sha1$", "bcrypt$", "bcrypt_sha256$", "argon2$", "unsalted_md5", "bcrypt_", "scrypt:", "scram-sha", "argon2", "ssh-rsa", "ssh-ed25519", "ecdsa-sha2", "aaaab3nzac1", "aaaac3nzac1", "aaaae2vjzhnh", "mfkwewyhkozi", "miibijanbgkqh", "migfma0gcsq", "mcowbqydk2v", `\u`)

// color tells whether v is a colour: #ddd0c0.
func color(v []byte) bool {
	return v[0] == '#' && len(v) <= 9 && count(v).hex == len(v)-1
}

// pattern tells whether v is a regular expression or a grammar's rule.
func pattern(v []byte) bool {
	if hasFold(v, "(?") {
		return true
	}
	if n := len(v); n > 2 && v[n-1] == '*' && (v[n-2] == '/' || v[n-2] == '-' || v[n-2] == '_' || v[n-2] == '!') {
		return true // a glob: app/prod-*
	}
	if t := count(v); v[len(v)-1] == '*' && t.lower+t.upper+t.join == len(v)-1 {
		return true // LaunchWizard*
	}
	return patternMarks.in(v) && (len(v) < 16 || oddity(v) < len(v)) // by chance, two such bytes stand in a long password
}

var patternMarks = vocabularyOf(`\w`, `\d`, `\s`, "[^", ".*", "(?", "[a-z", "[0-9", "1*")

// uuid tells whether v is one: an identifier far more often than a secret.
func uuid(v []byte) bool {
	if len(v) != 36 {
		return false
	}
	for i, c := range v {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && !isHex(c) {
			return false
		}
	}
	return true
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= lower(c) && lower(c) <= 'f' }

// identifier tells whether v is made of name bytes alone.
func identifier(v []byte) bool {
	for _, c := range v {
		if !isWord(c) {
			return false
		}
	}
	return len(v) > 0
}

package assign

import "bytes"

// Hollow tells why a value that stands without a name of its own, as a URL's
// password or a netrc entry does, is none: "placeholder", "reference", "default"
// (it is on everybody's list of guesses, or documentation's word for a password);
// "" for one that could be real.
func Hollow(value []byte) string {
	value = bytes.Trim(value, "[]") // redis://[:password]@host
	switch {
	case len(value) == 0 || placeholder(value):
		return "placeholder"
	case reference(value, true):
		return "reference"
	case is(value, guesses) || is(value, documentation) || is(value, constants):
		return "default"
	}
	return ""
}

// OwnDefault tells whether lead, which ends before a password, names a service's own
// account just before it, as in postgres://postgres: and root: do. Such an account
// with a guessable password is a way in, be it one that everybody knows; where the
// name too is invented (user:password), the two are only the form of a URL.
func OwnDefault(lead []byte) bool {
	lead = bytes.TrimSuffix(lead, []byte(":"))
	from := len(lead)
	for from > 0 && isWord(lead[from-1]) {
		from--
	}
	return is(lead[from:], accounts)
}

// accounts are those that services come with.
var accounts = set("postgres", "root", "elastic", "mysql", "mariadb", "sa", "guest", "rabbitmq", "mongo", "mongodb", "neo4j", "cassandra", "kibana", "grafana", "minio", "minioadmin", "oracle", "system", "couchdb", "influx", "clickhouse", "cockroach", "redis")

// documentation are words that stand where a password is to be put, in addition
// to guesses: parts of a URL's description, names of fields.
var documentation = set("pw", "pwd", "token", "my_password", "my-password", "username", "change_me", "tests", "example", "sample", "dummy", "fake",
	"baz", "qux", "123", "abc", "p4ssw0rd", "p%40ssw0rd", "some_password", "somepassword", "somepass", "userpass", "userpassword", "dbpassword", "dbpass",
	"db_password", "credential", "credentials", "key", "apikey", "api_key", "x-oauth-basic", "x-token-auth", "oauth2", "basic", "thepassword",
	"the_password", "random", "mysecretpassword", "verysecret", "sekret", "pwned", "port", "host", "hostname", "path", "mariadb")

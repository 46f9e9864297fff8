package assign

import (
	"bytes"

	"github.com/oakum-sec/oakum/rules/assign/literal"
)

// positions are functions that take a password or key without a name, by their last
// word in lower case: which argument it is, counted from 0. Sources are the
// functions' own documentations: java.sql.DriverManager, java.net.PasswordAuthentication,
// Apache HttpClient, .NET's NetworkCredential, AWS SDK for Java, requests' auth,
// smtplib, net/smtp, net/http, PDO, mysqli, Perl's DBI, MongoDB's shell, jsonwebtoken,
// Arduino's WiFi, javax.crypto.
var positions = map[string]int{
	"networkcredential": 1, "usernamepasswordcredentials": 1, "usernamepasswordauthenticationtoken": 1, "passwordauthentication": 1,
	"basicawscredentials": 1, "httpbasicauth": 1, "httpdigestauth": 1, "basicauth": 1, "basic_auth": 1, "setbasicauth": 1,
	"basicauthenticationinterceptor": 1, "credentials.basic": 1, "plainauth": 2, "login": 1, "auth": 1, "getconnection": 2, "pdo": 2,
	"mysqli_connect": 2, "mysqli": 2, "mysql_connect": 2, "connect": 2, "wifi.begin": 1, "jwt.sign": 1, "jwt.encode": 1, "secretkeyspec": 0,
	"withcredentials": 1, "setcredentials": 1, "drivermanager.getconnection": 2, "plaintextcredentials": 1, "digestauth": 1,
}

// argument tells whether the function's name is one of positions, and which argument
// to look at.
func (r *reader) argument() (n int, ok bool) { return position(r.b[r.a.Key[0]:r.a.Key[1]]) }

// position looks a function's name up: its last two words, or its last.
func position(name []byte) (n int, ok bool) {
	var low [48]byte
	if len(name) > len(low) {
		return 0, false
	}
	for i, c := range name {
		low[i] = lower(c)
	}
	whole := low[:len(name)]
	if i := bytes.LastIndexByte(whole, '.'); i >= 0 {
		from := bytes.LastIndexByte(whole[:i], '.') + 1
		if n, ok = positions[string(whole[from:])]; ok {
			return n, true
		}
		whole = whole[i+1:]
	}
	n, ok = positions[string(whole)]
	return n, ok
}

// positional tells whether a name is a function's that takes a password without a
// name: it says what its arguments are.
func positional(name []byte) bool {
	_, ok := position(name)
	return ok
}

// userNames are the words in the name of a variable that holds a user's name;
// keyFunctions take a key behind something else than one.
var (
	userNames    = vocabularyOf("user", "name", "login", "mail", "account", "usr", "uid", "ssid", "id", "owner", "email")
	keyFunctions = vocabularyOf("jwt.", "keyspec", "wifi.")
)

// maxArgument is how long one of the arguments before the value may be.
const maxArgument = 200

// arguments reads the literal that is the function's n-th argument; those before it
// may be anything without a comma, or literals.
func (r *reader) arguments(n int) bool {
	owned := true // the argument before the value may be its user's name
	for range n {
		r.space(1)
		start := r.p
		l, quoted := literal.Read(r.b, r.p, maxArgument, literal.Escaped)
		if quoted {
			r.p = l.End
		}
		for from := r.p; r.at(0) != ','; r.p++ {
			if c := r.at(0); c == 0 || c == ')' && r.p == from || c == ';' || c == '\n' || r.p-from > maxArgument {
				return false
			}
		}
		owned = quoted || userNames.in(r.b[start:r.p])
		r.p++
	}
	if !owned && !keyFunctions.in(r.b[r.a.Key[0]:r.a.Key[1]]) {
		return false // button.connect(this, changed, "main")
	}
	if !r.literal(Args) || r.a.Value[1] <= r.a.Value[0] || Hollow(r.b[r.a.Value[0]:r.a.Value[1]]) != "" {
		return false // login("user", "password"): documentation
	}
	at := r.p
	r.space(1)
	end := r.at(0)
	r.p = at
	return end == ',' || end == ')' || end == '.' || end == '}'
}

// couple reads the second of two literals in brackets: auth=("user", "x").
func (r *reader) couple() bool {
	start := r.p
	r.blanks()
	if r.at(0) != '(' && r.at(0) != '[' || !credentialCouple(r.b[r.a.Key[0]:r.a.Key[1]]) {
		r.p = start
		return false
	}
	r.p++
	if r.arguments(1) {
		return true
	}
	r.p = start
	return false
}

// credentialCouple tells whether a name is one under which user and password stand
// together.
func credentialCouple(name []byte) bool {
	p := split(name)
	return p.n > 0 && is(p.words[0], couples)
}

var couples = set("auth", "credential", "basicauth", "authentication")

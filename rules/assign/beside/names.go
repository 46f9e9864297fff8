package beside

import "bytes"

// names are what people call each kind, in lower case and without what joins words.
// libpq, ADO.NET, ODBC and JDBC are among them.
var names = map[string]Kind{
	"user": User, "username": User, "userid": User, "uid": User, "login": User, "loginname": User, "usr": User, "usrname": User, "userlogin": User,
	"uname": User, "principal": User, "masterusername": User, "rolename": User, "serviceaccount": User, "adminuser": User, "remoteuser": User,
	"host": Host, "hostname": Host, "server": Host, "servername": Host, "datasource": Host, "address": Host, "addr": Host, "networkaddress": Host,
	"endpoint": Host, "hostaddr": Host, "dbhost": Host, "serveraddress": Host,
	"database": Database, "dbname": Database, "databasename": Database, "initialcatalog": Database, "db": Database, "catalog": Database, "schema": Database,
	"account": Account, "accountname": Account, "accountid": Account, "tenant": Account, "tenantid": Account,
}

// secrets are the words that end a secret's name, longer ones before their ends, in
// the same form.
var secrets = []string{"accesskey", "secretkey", "privatekey", "passphrase", "password", "authtoken", "apikey", "passwd", "passcode", "secret", "token", "credential", "credentials", "pass", "pwd", "psw", "pw", "key"}

// lowered is b in lower case, ASCII alone, so that offsets stay.
func lowered(b []byte) []byte {
	low := bytes.Clone(b)
	for i, c := range low {
		if c >= 'A' && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return low
}

// plain is a name in lower case without what joins its words.
func plain(name []byte) string {
	low := make([]byte, 0, len(name))
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			low = append(low, c+'a'-'A')
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			low = append(low, c)
		}
	}
	return string(low)
}

// stem is what is left of a secret's name without the word that says so: db of
// DB_PASSWORD, springdatasource of spring.datasource.password. The name may be a
// setter's or a path.
func stem(name []byte) string {
	p := plain(name)
	for _, w := range secrets {
		if len(p) >= len(w) && p[len(p)-len(w):] == w {
			return p[:len(p)-len(w)]
		}
	}
	return p
}

// named tells what a name beside a secret of that stem is the name of.
func named(name []byte, stem string) (Kind, bool) {
	p := plain(name)
	if len(p) > len(stem) && p[:len(stem)] == stem {
		if k, ok := names[p[len(stem):]]; ok {
			return k, true
		}
		if k, ok := names[trimmed(p[len(stem):])]; ok && stem != "" {
			return k, true // DB_NAME is DB's, with nothing between
		}
	}
	if stem != "" && p == stem+"name" {
		return Database, stem == "db" || stem == "postgres" || stem == "mysql"
	}
	return 0, false
}

// trimmed is a word without a number at its end: user1.
func trimmed(word string) string { return string(bytes.TrimRight([]byte(word), "0123456789")) }

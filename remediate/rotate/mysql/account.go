package mysql

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"filippo.io/edwards25519"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
)

// account is a user as a server has it for one of its hosts.
type account struct {
	user, host   string
	plugin, kept string // how it proves itself, and what the server keeps of the password
	locked       bool
	second       string // what the server keeps of a second password
	several      bool   // it has several ways to prove itself
}

// String is the account in a statement. [account.plain] has nothing to escape.
func (a account) String() string { return "'" + a.user + "'@'" + a.host + "'" }

func (a account) plain() error {
	if strings.ContainsAny(a.user+a.host, "'\"`\\\x00") {
		return fmt.Errorf("the account %q@%q cannot stand in a statement", a.user, a.host)
	}
	return nil
}

const (
	mariaAccounts = `SELECT Host, IFNULL(JSON_VALUE(Priv, '$.plugin'), ''), IFNULL(JSON_VALUE(Priv, '$.authentication_string'), ''), IFNULL(JSON_VALUE(Priv, '$.account_locked'), ''), '', JSON_EXISTS(Priv, '$.auth_or')
		FROM mysql.global_priv WHERE User = ? AND NOT JSON_EXISTS(Priv, '$.is_role') ORDER BY Host`
	mysqlAccounts = `SELECT Host, plugin, authentication_string, account_locked, IFNULL(JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.additional_password')), ''), '' FROM mysql.user WHERE User = ? ORDER BY Host`
	olderAccounts = `SELECT Host, plugin, authentication_string, account_locked, '', '' FROM mysql.user WHERE User = ? ORDER BY Host`
)

// accounts are a user's, one for each host that it may come from.
func (r *Rotator) accounts(ctx context.Context, s *session, user string) (all []account, err error) {
	question := olderAccounts
	switch {
	case r.server.maria:
		question = mariaAccounts
	case r.server.from(8, 0, 14):
		question = mysqlAccounts
	}
	rows, err := s.ask(ctx, question, user)
	if err != nil {
		return nil, fmt.Errorf("look for %s: %w", user, err)
	}
	for _, row := range rows {
		a := account{user: user, host: row[0], plugin: row[1], kept: row[2], locked: is(row[3]), second: row[4], several: is(row[5])}
		if err := a.plain(); err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

func is(text string) bool { return text == "1" || text == "Y" || text == "true" }

// The ways to prove oneself that a password is for.
const (
	native  = "mysql_native_password"
	ed25519 = "ed25519"               // MariaDB's
	caching = "caching_sha2_password" // MySQL's own since 8.0
)

// hash is what a server keeps of a password; "" where it is not to be made here.
func hash(plugin string, password leak.Secret) string {
	text := []byte(store.Plain(password))
	switch plugin {
	case native: // https://mariadb.com/kb/en/authentication-plugin-mysql_native_password/
		once := sha1.Sum(text)
		twice := sha1.Sum(once[:])
		return "*" + strings.ToUpper(hex.EncodeToString(twice[:]))
	case ed25519: // a key made of the password, of any length: crypto/ed25519 takes 32 bytes
		h := sha512.Sum512(text)
		key, err := edwards25519.NewScalar().SetBytesWithClamping(h[:32])
		if err != nil {
			return ""
		}
		return base64.RawStdEncoding.EncodeToString(new(edwards25519.Point).ScalarBaseMult(key).Bytes())
	}
	return ""
}

// holds tells whether the password of an account is this one, or its second is.
func (a account) holds(password leak.Secret) bool {
	return a.first(password) || a.of(a.second, password)
}

// first tells whether the password of an account, which is not its second, is this one.
func (a account) first(password leak.Secret) bool { return a.of(a.kept, password) }

func (a account) of(kept string, password leak.Secret) bool {
	if a.plugin == caching {
		return caches(kept, store.Plain(password))
	}
	h := hash(a.plugin, password)
	return h != "" && same(h, kept)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// identified is how a statement gives an account a password: by its hash where there is
// one, else in clear.
func identified(plugin string, password leak.Secret) string {
	if h := hash(plugin, password); h != "" {
		return " IDENTIFIED WITH " + plugin + " AS '" + h + "'"
	}
	return " IDENTIFIED WITH " + plugin + " BY " + literal(password)
}

// literal is a password in a statement of a session of ours, whose sql_mode is empty: a
// backslash escapes (https://dev.mysql.com/doc/refman/8.0/en/string-literals.html). An old
// password is whatever somebody chose.
func literal(password leak.Secret) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(store.Plain(password)) + "'"
}

// nobodys is a password that nobody has.
func nobodys() leak.Secret { return leak.NewSecret([]byte(rand.Text() + rand.Text())) }

// provable refuses accounts that have no password, or none that oakum can set.
func provable(a account) error {
	if a.several || a.plugin != native && a.plugin != ed25519 && a.plugin != caching {
		return rotate.Refuse("rotate it where that is set", "%s proves itself by %s, and by no password of this server's", a, a.plugin)
	}
	return nil
}

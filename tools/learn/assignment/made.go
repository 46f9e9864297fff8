package main

import (
	"math/rand/v2"
	"strings"

	"github.com/oakum-sec/oakum/rules/assign"
)

// How many examples are made, and how much each counts beside a row's.
const (
	made       = 6000
	madeWeight = 0.05
)

// Names that say that their value is a secret, by what is put there.
var (
	passwordNames = []string{"password", "DB_PASSWORD", "dbPassword", "spring.datasource.password", "passwd", "smtp_pass", "PGPASSWORD", "rootPassword", "admin_password", "MYSQL_ROOT_PASSWORD", "keystorePassword", "ldap_bind_password", "pwd", "redis_password", "passphrase"}
	tokenNames    = []string{"api_key", "apiKey", "API_KEY", "secret", "client_secret", "clientSecret", "SECRET_KEY", "secretKey", "token", "access_token", "accessToken", "AUTH_TOKEN", "auth_token", "app.secret.key", "private_key", "encryption_key", "encryptionKey", "service.api-key", "STRIPE_SECRET", "bot_token", "apiToken", "JWT_SECRET", "webhookSecret", "credentials", "signing_key", "AWS_SECRET_ACCESS_KEY", "cookie_secret", "hmac_key", "refreshToken", "deploy_token"}
)

// madeExamples are assignments that no row shows in every language: secrets made
// from a seed, and what stands under the same names without being one.
func madeExamples(words []string) []example {
	m := maker{rand.New(rand.NewPCG(seed, 2)), words}
	var out []example
	for i := range made {
		yes := i%2 == 0
		name, value := m.secret()
		if !yes {
			name, value = m.harmless()
		}
		forms := quotedForms
		if m.IntN(2) == 0 && !strings.ContainsAny(value, " ;&<>|,(){}'\"#") {
			forms = bareForms
		}
		f := forms[m.IntN(len(forms))]
		out = append(out, exampleOf(f, name, value, yes)...)
	}
	return out
}

func exampleOf(f form, name, value string, yes bool) (out []example) {
	text := []byte("\n" + strings.NewReplacer("N", name, "V", value).Replace(f.text) + "\n")
	for _, a := range assign.Accounts(text, 0, len(text), f.file) {
		if len(a.Facts) > 0 && string(text[a.Value[0]:a.Value[1]]) == value {
			return []example{{facts: indexes(a), yes: yes, w: madeWeight, row: -1, show: f.file + "| " + name + " = " + value}}
		}
	}
	return nil
}

// secret makes a name and a secret that belongs under it.
func (m maker) secret() (name, value string) {
	if m.IntN(3) > 0 {
		name = m.one(tokenNames...)
		switch m.IntN(7) {
		case 5, 6:
			return name, m.strong()
		case 0:
			return name, m.hex()
		case 1:
			return name, m.base64()
		case 2:
			return name, m.from(lowers+digits, 20+m.IntN(28))
		case 3:
			return name, m.from(lowers+uppers+digits+"-_", 20+m.IntN(44))
		}
		return name, m.from(lowers+uppers+digits, 16+m.IntN(48))
	}
	name = m.one(passwordNames...)
	switch m.IntN(5) {
	case 4:
		return m.one(name, "jwt-secret", "secret", "APP_SECRET"), m.word() + m.word() + m.word() + m.word() + m.word()
	case 0:
		return name, m.from(lowers+uppers+digits+"!@%^*_+-=?", 8+m.IntN(16))
	case 1:
		return name, m.from(lowers+uppers+digits, 8+m.IntN(16))
	}
	return name, m.password()
}

// harmless makes what programs and texts put under such a name: its label, another
// name, an identifier, a message's key, a word of the interface's language.
func (m maker) harmless() (name, value string) {
	name = m.one(passwordNames...)
	if m.IntN(2) == 0 {
		name = m.one(tokenNames...)
	}
	w, x := m.word(), m.word()
	switch m.IntN(9) {
	case 0:
		return name, m.one("Password", "Passwort", "Mot de passe", "Wachtwoord", "Senha", "Parola", "Salasana", "Token", "Secret", "API key", "Your password", "Kennwort", "Adgangskode", "Access token", "New password", "Client secret")
	case 1:
		return name, w + title(x) + m.one("Password", "Token", "Secret", "Key", "")
	case 2:
		return name, w + m.one(".", "_", "-") + x + m.one(".password", "_token", "-secret", ".key", "_password", "")
	case 3:
		return name, title(w) + title(x) + m.one("Provider", "Service", "Handler", "Token", "Type", "Factory")
	case 4:
		return name, strings.ToUpper(w + "_" + x)
	case 5:
		return name, m.one("#", ".", "input.", "field-") + w + "-" + m.one("password", "token", "input", x)
	case 6:
		return name, w + "/" + x + "/" + m.one("password", "token", "secret", "key")
	case 7:
		return name, title(w) + " " + x + " " + m.word()
	}
	return name, w + "." + x + "." + m.one("com", "org", "json", "pem", "txt", "internal")
}

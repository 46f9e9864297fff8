package remediate

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/oakum-sec/oakum/remediate/store"
)

// kinds are the words that say what a value is, where the words before them say whose:
// DB_PASSWORD is the password of db.
var kinds = map[string]bool{
	"password": true, "passwd": true, "pwd": true, "pass": true, "secret": true, "token": true, "key": true, "api": true, "apikey": true, "access": true,
	"auth": true, "credential": true, "credentials": true, "private": true, "client": true, "url": true, "uri": true, "dsn": true, "user": true,
	"username": true, "login": true, "id": true, "pat": true, "webhook": true, "cert": true, "pem": true, "root": true, "signing": true, "encryption": true,
}

// empty are names that say nothing of a value.
var empty = map[string]bool{"": true, "value": true, "data": true, "string": true, "text": true, "content": true}

// carriers are what variables stand in: of services.db.environment.ROOT_PASSWORD the
// last word alone is a name.
var carriers = map[string]bool{"env": true, "environment": true, "variables": true, "vars": true, "args": true, "data": true, "stringdata": true, "parameters": true}

// words splits a name into its words, at signs and where a capital begins one.
func words(name string) (all []string) {
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			all = append(all, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) && unicode.IsUpper(runes[i-1])):
			end()
		}
		word.WriteRune(r)
	}
	end()
	return all
}

// maxEnv is how long a variable's name gets: a path through a document can be longer.
const maxEnv = 48

// envName makes the name of an environment variable of a key, or of the rule where the
// key says nothing: "database.password" is DATABASE_PASSWORD.
func envName(key, rule string) string {
	parts := strings.FieldsFunc(key, func(r rune) bool { return r == '.' || r == '[' || r == ']' || r == '/' })
	parts = slices.DeleteFunc(parts, func(p string) bool { return strings.Trim(p, "0123456789") == "" || empty[strings.ToLower(p)] })
	var all []string
	for i := len(parts) - 1; i >= 0 && i >= len(parts)-2; i-- { // the last two say enough
		if len(all) > 0 && carriers[strings.ToLower(parts[i])] {
			break
		}
		all = append(words(parts[i]), all...)
	}
	if len(all) == 0 || !slices.ContainsFunc(all, func(w string) bool { return kinds[w] }) && len(all) == 1 && len(all[0]) < 3 {
		all = words(rule)
	}
	name := strings.ToUpper(strings.Join(all, "_"))
	for len(name) > maxEnv && strings.Contains(name, "_") {
		_, name, _ = strings.Cut(name, "_")
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "SECRET_" + name
	}
	return name
}

// serviceOf takes a variable's name apart: whose value it is, and what.
func serviceOf(env string) (service, field string) {
	all := strings.Split(strings.ToLower(env), "_")
	at := slices.IndexFunc(all, func(w string) bool { return kinds[w] })
	switch {
	case at < 0:
		return strings.Join(all, "-"), "value"
	case at == 0:
		return "app", strings.Join(all, "_")
	}
	return strings.Join(all[:at], "-"), strings.Join(all[at:], "_")
}

// stages are the words by which people call where a program runs.
var stages = map[string]string{"prod": "prod", "production": "prod", "live": "prod", "staging": "staging", "stage": "staging",
	"dev": "dev", "development": "dev", "local": "dev", "test": "test", "qa": "qa"}

// stageOf is the stage that all files name, "" where they name none or several.
func stageOf(files []string) string {
	found := ""
	for _, name := range files {
		here := ""
		for _, w := range words(name) {
			if s := stages[w]; s != "" {
				here = s
			}
		}
		if here == "" || found != "" && found != here {
			return ""
		}
		found = here
	}
	return found
}

var unfit = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// storeName builds a name for a store.
func storeName(d store.Description, segments ...string) string {
	var all []string
	for _, s := range segments {
		for part := range strings.SplitSeq(s, "/") {
			if part = strings.Trim(unfit.ReplaceAllString(part, "-"), "-."); part != "" {
				all = append(all, part)
			}
		}
	}
	name := d.Names.Of(all...)
	if ok, err := regexp.MatchString("^(?:"+d.Names.Pattern+")$", name); err == nil && !ok && d.Names.Pattern != "" {
		for i, s := range all {
			all[i] = strings.NewReplacer("_", "-", ".", "-").Replace(s)
		}
		name = d.Names.Of(all...)
	}
	return name
}

// prefixOf is what names begin with where the user says nothing: the folder's name.
func prefixOf(dir string) string {
	return strings.ToLower(path.Base(strings.ReplaceAll(dir, `\`, "/")))
}

package mysql

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// fact is something that is true of an account, as the statement that makes it so: what
// stands before the account, and after it.
type fact struct{ head, tail string }

func (f fact) of(a account) string { return f.head + a.String() + f.tail }

// facts are an account's grants, roles, limits and what it must prove beside its
// password. The server writes them; of what it writes only the account and its password
// are taken out.
func (s *session) facts(ctx context.Context, a account) (all []fact, err error) {
	rows, err := s.ask(ctx, "SHOW GRANTS FOR "+a.String())
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f, ok := split(row[0], a)
		if !ok {
			return nil, fmt.Errorf("a line of SHOW GRANTS FOR %s is not understood: %s", a, shown(row[0]))
		}
		f.tail = strings.Join(options.FindAllString(f.tail, -1), "") // limits are said below
		if strings.HasPrefix(f.head, "GRANT USAGE ON *.* ") && f.tail == "" {
			continue // that there is such an account
		}
		all = append(all, f.single()...)
	}
	made, err := s.one(ctx, "SHOW CREATE USER "+a.String())
	if err != nil {
		return nil, err
	}
	f, ok := split(made, a)
	if !ok {
		return nil, fmt.Errorf("SHOW CREATE USER %s is not understood", a)
	}
	rest := strings.TrimSpace(locks.ReplaceAllString(proof.ReplaceAllString(f.tail, ""), ""))
	if rest == "" {
		rest = "REQUIRE NONE"
	}
	return append(all, fact{"ALTER USER ", " " + rest}), nil
}

// single divides a grant of several rights into one for each, and for each column:
// servers write what was granted at different times in one line.
func (f fact) single() (all []fact) {
	rights, on, ok := cut(strings.TrimPrefix(f.head, "GRANT "), " ON ")
	if !ok || !strings.HasPrefix(f.head, "GRANT ") {
		return []fact{f}
	}
	for right, rest, more := "", rights, true; more; {
		right, rest, more = cut(rest, ", ")
		word, columns, some := strings.Cut(right, " (")
		if !some {
			all = append(all, fact{"GRANT " + right + " ON " + on, f.tail})
			continue
		}
		columns = strings.TrimSuffix(columns, ")")
		for column, others, more := "", columns, true; more; {
			column, others, more = cut(others, ", ")
			all = append(all, fact{"GRANT " + word + " (" + column + ") ON " + on, f.tail})
		}
	}
	return all
}

// cut is strings.Cut at a place that is in no name's quotes and in no brackets.
func cut(text, at string) (before, after string, found bool) {
	quote, depth := false, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '`':
			quote = !quote
		case quote:
		case c == '(':
			depth++
		case c == ')':
			depth--
		}
		if !quote && depth == 0 && strings.HasPrefix(text[i:], at) {
			return text[:i], text[i+len(at):], true
		}
	}
	return text, "", false
}

var (
	options = regexp.MustCompile(` WITH (GRANT|ADMIN) OPTION`)
	locks   = regexp.MustCompile(` ACCOUNT (UN)?LOCK`)
	// proof is what precedes limits: MariaDB's and MySQL's ways of writing a password's hash.
	proof = regexp.MustCompile(` IDENTIFIED (BY PASSWORD|VIA \w+|WITH \S+)( (USING|AS))?( '(?:[^'\\]|''|\\.)*')?`)
)

// split divides a statement of the server's at the account, which is quoted in one of
// two ways.
func split(line string, a account) (fact, bool) {
	for _, q := range []string{"`", "'"} {
		name := q + a.user + q + "@" + q + a.host + q
		for _, word := range []string{" TO ", " FOR ", "CREATE USER "} {
			if i := strings.LastIndex(line, word+name); i >= 0 {
				i += len(word)
				return fact{line[:i], line[i+len(name):]}, true
			}
		}
	}
	return fact{}, false
}

// difference is what a pair of users do not have in common, by account.
type difference struct {
	absent  []account // the second is to be made for these hosts
	missing []string  // statements that would give the second what it lacks
	extra   []string  // what the second has and the first has not
}

func (d difference) none() bool { return len(d.absent)+len(d.missing)+len(d.extra) == 0 }

// compare looks at each host of two users.
func (r *Rotator) compare(ctx context.Context, s *session, old, fresh []account, name string) (d difference, err error) {
	for _, a := range old {
		b := account{user: name, host: a.host, plugin: a.plugin}
		have, err := s.facts(ctx, a)
		if err != nil {
			return d, err
		}
		var has []fact
		if slices.ContainsFunc(fresh, func(f account) bool { return f.host == a.host }) {
			if has, err = s.facts(ctx, b); err != nil {
				return d, err
			}
		} else {
			d.absent = append(d.absent, b)
		}
		for _, f := range have {
			if !slices.Contains(has, f) {
				d.missing = append(d.missing, f.of(b))
			}
		}
		for _, f := range has {
			if !slices.Contains(have, f) && f.head != "ALTER USER " {
				d.extra = append(d.extra, f.of(b))
			}
		}
	}
	for _, b := range fresh {
		if !slices.ContainsFunc(old, func(a account) bool { return a.host == b.host }) {
			d.extra = append(d.extra, "CREATE USER "+b.String())
		}
	}
	return d, nil
}

// some are statements for a person; a long list is cut.
func some(statements []string) string {
	if len(statements) > 8 {
		statements = append(slices.Clone(statements[:8]), fmt.Sprintf("and %d more", len(statements)-8))
	}
	return strings.Join(statements, "; ")
}

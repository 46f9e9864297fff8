package dynamic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
)

// mysql is MySQL from version 8.0 on, and MariaDB from 10.4 on.
type mysql struct {
	set  *Settings
	db   *sql.DB // as the admin
	made func(step string) bool
	host string // of the old user, as the server writes it: "%"
}

func openMySQL(d Database, user string, password leak.Secret) (*sql.DB, error) {
	c := driver.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd, c.Timeout = "tcp", d.Address, user, text(password), 15*time.Second
	c.TLSConfig = map[string]string{"verify": "true", "off": "false"}[d.TLS]
	c.Logger = &driver.NopLogger{} // what it says is told by errors, too
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db, nil
}

// account is a user as statements name one. [userShape] and the server's own hosts have
// nothing to escape.
func account(user, host string) string { return "'" + user + "'@'" + host + "'" }

// made is the account that Vault's engine makes, in its own words.
const newAccount = "'{{name}}'@'%'"

// survey reads SHOW GRANTS. A line is its rights and what they are on, then "TO" and the
// user; what follows (a hash of its password, TLS, limits) is the user's alone.
func (m *mysql) survey(ctx context.Context) (*Survey, error) {
	s := &Survey{Inherits: true}
	var err error
	if s.Server, err = one(ctx, m.db, "SELECT version()"); err != nil {
		return nil, fmt.Errorf("ask %s: %w", m.set.Database.Address, err)
	}
	if m.host, err = m.hostOf(ctx); err != nil {
		return nil, err
	}
	if err := m.read(ctx, s, account(m.set.User, m.host)); err != nil {
		return nil, err
	}
	return s, m.defaults(ctx, s)
}

// read adds what a user or a role may do.
func (m *mysql) read(ctx context.Context, s *Survey, who string) error {
	rows, err := query(ctx, m.db, "SHOW GRANTS FOR "+who)
	if err != nil {
		return fmt.Errorf("read what %s may do: %w", m.set.User, err)
	}
	for _, row := range rows {
		if err := m.line(s, row[0]); err != nil {
			return err
		}
	}
	return nil
}

// defaults are the roles that a session begins with. In MySQL a user is made with them;
// MariaDB lets set them who may write its own tables, and nobody else, so that there the
// grants of the role, as they are now, are given in its place.
func (m *mysql) defaults(ctx context.Context, s *Survey) error {
	if !isMaria(s) {
		rows, err := query(ctx, m.db, "SELECT CONCAT('`', DEFAULT_ROLE_USER, '`@`', DEFAULT_ROLE_HOST, '`') FROM mysql.default_roles WHERE USER = ? AND HOST = ?", m.set.User, m.host)
		s.Settings = slices.Concat(rows...)
		return err
	}
	for seen := []string{}; len(s.Settings) > 0; {
		role := s.Settings[0]
		s.Settings = s.Settings[1:]
		if role == "NONE" || slices.Contains(seen, role) {
			continue
		}
		seen = append(seen, role)
		s.Grants = slices.DeleteFunc(s.Grants, func(g Grant) bool { return g.Kind == "role" && g.Object == role })
		before := len(s.Grants)
		if err := m.read(ctx, s, role); err != nil {
			return err
		}
		for _, g := range s.Grants[min(before, len(s.Grants)):] {
			if g.Kind == "role" { // what is in the role is begun with, too
				s.Settings = append(s.Settings, g.Object)
			}
		}
	}
	return nil
}

func isMaria(s *Survey) bool { return strings.Contains(s.Server, "MariaDB") }

// hostOf finds from where the old user comes; several users of one name are different ones.
func (m *mysql) hostOf(ctx context.Context) (string, error) {
	rows, err := query(ctx, m.db, "SELECT Host FROM mysql.user WHERE User = ?", m.set.User)
	switch {
	case err != nil:
		return "", err
	case len(rows) == 0:
		return "", fmt.Errorf("the server has no user %s", m.set.User)
	case len(rows) > 1:
		return "", fmt.Errorf("the server has %d users %s, from hosts of their own, with passwords of their own: leave one", len(rows), m.set.User)
	case strings.ContainsAny(rows[0][0], `'\`):
		return "", fmt.Errorf("the host of %s cannot stand in a statement", m.set.User)
	}
	return rows[0][0], nil
}

var (
	// grantLine is what precedes the user's name, which is written with one of two marks.
	grantLine   = regexp.MustCompile("^GRANT (.+) ON (\\S.*) TO [`'\"]")
	roleLine    = regexp.MustCompile("^GRANT ([`'\"].+[`'\"]) TO [`'\"]")
	defaultLine = regexp.MustCompile("^SET DEFAULT ROLE (.+) FOR [`'\"]")
)

func (m *mysql) line(s *Survey, line string) error {
	grant, role, standard := grantLine.FindStringSubmatch(line), roleLine.FindStringSubmatch(line), defaultLine.FindStringSubmatch(line)
	switch {
	case standard != nil:
		s.Settings = append(s.Settings, standard[1])
	case role != nil && plain(role[1]):
		s.Grants = append(s.Grants, Grant{Text: "GRANT " + role[1] + " TO", Kind: "role", Object: role[1]})
	case grant == nil || !plain(grant[1]+grant[2]) || grant[1] == "PROXY":
		s.Lost = append(s.Lost, "a grant that is no list of rights on a database, table, column or routine")
	case grant[1] == "USAGE": // nothing, but that there is such a user
	case grant[2] == "*.*" && boundless(grant[1]):
		return fmt.Errorf("%s may do anything (%s on *.*): give its program a user with the grants that it needs, and name that one", m.set.User, grant[1])
	default:
		add(s, grant[2], grant[1])
	}
	return nil
}

// add puts rights on a thing together with those on it that are there.
func add(s *Survey, on, rights string) {
	i := slices.IndexFunc(s.Grants, func(g Grant) bool { return g.Kind == "rights" && g.Object == on })
	if i < 0 {
		i = len(s.Grants)
		s.Grants = append(s.Grants, Grant{Kind: "rights", Object: on})
	}
	g := &s.Grants[i]
	g.Right = strings.Join(sorted(slices.Compact(sorted(append(single(g.Right), single(rights)...)))), ", ")
	g.Text = "GRANT " + g.Right + " ON " + on + " TO"
}

// single divides "SELECT (`a`, `b`), INSERT" into rights on one column, or on all.
func single(rights string) (all []string) {
	for rights != "" {
		right, rest, _ := strings.Cut(rights, ", ")
		if word, columns, ok := strings.Cut(rights, " ("); ok && len(word) < len(right) {
			columns, rest, _ = strings.Cut(columns, ")")
			rest = strings.TrimPrefix(rest, ", ")
			for column := range strings.SplitSeq(columns, ", ") {
				all = append(all, word+" ("+column+")")
			}
		} else {
			all = append(all, right)
		}
		rights = rest
	}
	return all
}

// covers tells whether lines of SHOW GRANTS hold a grant.
func covers(lines []string, g Grant) bool {
	if g.Kind == "role" {
		return slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, g.Text+" ") })
	}
	for _, l := range lines {
		at := grantLine.FindStringSubmatch(l)
		if at == nil || at[2] != g.Object {
			continue
		}
		have := single(at[1])
		if !slices.ContainsFunc(single(g.Right), func(r string) bool { return !slices.Contains(have, r) }) {
			return true
		}
	}
	return false
}

// boundless tells rights that amount to all of them.
func boundless(rights string) bool {
	all := strings.Split(rights, ", ")
	return slices.ContainsFunc(all, func(r string) bool {
		return r == "ALL PRIVILEGES" || r == "SUPER" || r == "CREATE USER" || r == "SYSTEM_USER" || r == "ROLE_ADMIN"
	})
}

// manager's grants: what it hands on, and making users.
func (m *mysql) managerGrants(s *Survey) (statements []string) {
	to := account(m.set.Database.Manager, "%")
	statements = append(statements, "GRANT CREATE USER ON *.* TO "+to)
	for _, g := range s.Grants {
		statements = append(statements, g.Text+" "+to+map[bool]string{true: " WITH ADMIN OPTION", false: " WITH GRANT OPTION"}[g.Kind == "role"])
	}
	return statements
}

func (m *mysql) prepare(s *Survey) []step {
	manager := m.set.Database.Manager
	return []step{{
		Step: act.Step{ID: "manager", Text: fmt.Sprintf("make the user %s for Vault, who may make users, and has the %d grants of %s to hand on", manager, len(s.Grants), m.set.User), Undo: "drop it"},
		risk: "CREATE USER can change other users' passwords: whoever holds Vault holds the database, as with any user of Vault's engine",
		op: thing{what: "the user " + manager, ours: func() bool { return m.made("manager") },
			look: func(ctx context.Context) (state, error) { return m.lookManager(ctx, s) },
			make: func(ctx context.Context) error {
				// It gets its password with Vault's configuration.
				if err := m.identify(ctx, "CREATE USER IF NOT EXISTS ", manager, fresh()); err != nil {
					return err
				}
				return all(ctx, m.db, m.managerGrants(s)...)
			},
			remove: func(ctx context.Context) error { return all(ctx, m.db, "DROP USER "+account(manager, "%")) }},
	}}
}

// lookManager compares what the manager has with what it should. That it is there with
// its grants, made by others, makes it not ours: its password would be changed.
func (m *mysql) lookManager(ctx context.Context, s *Survey) (state, error) {
	is, err := m.exists(ctx, m.set.Database.Manager)
	if err != nil || !is {
		return absent, err
	}
	have, err := query(ctx, m.db, "SHOW GRANTS FOR "+account(m.set.Database.Manager, "%"))
	if err != nil {
		return absent, err
	}
	lines := slices.Concat(have...)
	for _, g := range s.Grants {
		if !covers(slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasSuffix(l, " OPTION") }), g) {
			return differs, nil
		}
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "GRANT CREATE USER ON *.* TO ") }) {
		return differs, nil
	}
	return equal, nil
}

func (m *mysql) exists(ctx context.Context, user string) (bool, error) {
	n, err := one(ctx, m.db, "SELECT COUNT(*) FROM mysql.user WHERE User = ?", user)
	return n != "" && n != "0", err
}

func (m *mysql) setPassword(ctx context.Context, user string, password leak.Secret) error {
	return m.identify(ctx, "ALTER USER ", user, password)
}

// identify runs a statement with a password in it, which servers keep out of their logs,
// and which its error may quote.
func (m *mysql) identify(ctx context.Context, verb, user string, password leak.Secret) error {
	_, err := m.db.ExecContext(ctx, verb+account(user, "%")+" IDENTIFIED BY "+literal(text(password)))
	if err != nil {
		err = errors.New(verb + user + ": " + strings.ReplaceAll(err.Error(), text(password), "…"))
	}
	return err
}

func (m *mysql) statements(s *Survey) Statements {
	out := Statements{Create: []string{"CREATE USER " + newAccount + " IDENTIFIED BY '{{password}}';"}, Revoke: []string{"DROP USER IF EXISTS " + newAccount + ";"}}
	for _, g := range s.Grants {
		out.Create = append(out.Create, g.Text+" "+newAccount+";")
	}
	for _, roles := range s.Settings {
		out.Create = append(out.Create, "SET DEFAULT ROLE "+roles+" TO "+newAccount+";") // MySQL's; see defaults
	}
	return out
}

func (m *mysql) connection() map[string]any {
	d := m.set.Database
	return map[string]any{"plugin_name": "mysql-database-plugin",
		"connection_url": "{{username}}:{{password}}@tcp(" + d.Reached + ")/?tls=" + map[string]string{"verify": "true", "off": "false"}[d.TLS]}
}

func (m *mysql) retire() step {
	user := m.set.User
	return step{
		Step: act.Step{ID: "retire", Text: "lock " + user + " (ACCOUNT LOCK), where nobody is connected as it", Undo: "unlock it, with its old password"},
		risk: "a program that still has the old password cannot connect any more",
		op: thing{what: user, ours: func() bool { return m.made("retire") },
			look: func(ctx context.Context) (state, error) {
				how, err := one(ctx, m.db, "SHOW CREATE USER "+account(user, m.host)) // holds a hash: it goes no further
				return map[bool]state{true: equal}[strings.Contains(how, " ACCOUNT LOCK")], err
			},
			make: func(ctx context.Context) error {
				sessions, err := query(ctx, m.db, "SELECT 'a program', HOST FROM information_schema.PROCESSLIST WHERE USER = ? ORDER BY 2", user)
				if err != nil {
					return err
				}
				if err := inUse(user, sessions); err != nil {
					return err
				}
				return all(ctx, m.db, "ALTER USER "+account(user, m.host)+" ACCOUNT LOCK")
			},
			remove: func(ctx context.Context) error {
				return all(ctx, m.db, "ALTER USER "+account(user, m.host)+" ACCOUNT UNLOCK")
			}},
	}
}

// prove logs in as a user that Vault made and compares its grants.
func (m *mysql) prove(ctx context.Context, s *Survey, user string, password leak.Secret) (missing []string, err error) {
	db, err := openMySQL(m.set.Database, user, password)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := query(ctx, db, "SHOW GRANTS")
	if err != nil {
		return nil, err
	}
	lines := slices.Concat(rows...)
	for _, g := range s.Grants {
		if !covers(lines, g) {
			missing = append(missing, strings.TrimSuffix(strings.TrimPrefix(g.Text, "GRANT "), " TO"))
		}
	}
	return missing, nil
}

package dynamic

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/internal/scram"
)

// postgres is PostgreSQL from version 12 on.
type postgres struct {
	set  *Settings
	db   *sql.DB // as the admin, in the old user's database
	made func(step string) bool
}

// openPostgres connects as a user. An empty password is that of PGPASSWORD or ~/.pgpass.
func openPostgres(d Database, user string, password leak.Secret) (*sql.DB, error) {
	host, port, err := net.SplitHostPort(d.Address)
	if err != nil {
		return nil, err
	}
	// The host has to be there when it is parsed: without one it is a socket's path, and
	// the driver speaks no TLS on sockets.
	config, err := pgx.ParseConfig("host='" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(host) + "' sslmode=" + postgresTLS[d.TLS])
	if err != nil {
		return nil, err
	}
	if (config.TLSConfig == nil) != (postgresTLS[d.TLS] == "disable") {
		return nil, fmt.Errorf("the driver does not do what tls %s says", d.TLS)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("database.address: %w", err)
	}
	config.Host, config.Port, config.Database, config.User = host, uint16(number), d.Database, user
	if p := text(password); p != "" {
		config.Password = p
	}
	config.RuntimeParams["search_path"] = "" // names are told with their schemas then
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(1)
	return db, nil
}

var postgresTLS = map[string]string{"verify": "verify-full", "off": "disable"}

// quoted is an identifier.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal is a text in a statement.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// prepare makes the group that has what the old user could, and Vault's user, who may
// let others into it.
func (p *postgres) prepare(s *Survey) []step {
	group, manager := p.set.Database.Group, p.set.Database.Manager
	return []step{{
		Step: act.Step{ID: "group", Text: fmt.Sprintf("make the role %s, which nobody logs in as, with the %d grants of %s", group, len(s.Grants), p.set.User), Undo: "drop it with its grants"},
		op: thing{what: "the role " + group, ours: func() bool { return p.made("group") },
			look:   func(ctx context.Context) (state, error) { return p.lookGroup(ctx, s) },
			make:   func(ctx context.Context) error { return p.makeGroup(ctx, s) },
			remove: func(ctx context.Context) error { return p.drop(ctx, group) }},
	}, {
		Step: act.Step{ID: "manager", Text: fmt.Sprintf("make the user %s for Vault, who may make users (CREATEROLE), let them into %s, and end their sessions", manager, group), Undo: "drop it"},
		risk: "up to PostgreSQL 15 CREATEROLE can change any user that is no superuser: whoever holds Vault holds the database, as with any user of Vault's engine",
		op: thing{what: "the user " + manager, ours: func() bool { return p.made("manager") },
			look: func(ctx context.Context) (state, error) { return p.lookManager(ctx, s) },
			make: func(ctx context.Context) error {
				statements := []string{p.makeUser(ctx, manager, "CREATEROLE"), "GRANT " + quoted(group) + " TO " + quoted(manager) + " WITH ADMIN OPTION", "GRANT pg_signal_backend TO " + quoted(manager)}
				for _, user := range p.administered(s) {
					statements = append(statements, "GRANT "+quoted(user)+" TO "+quoted(manager)+" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
				}
				return all(ctx, p.db, statements...)
			},
			remove: func(ctx context.Context) error { return p.drop(ctx, manager) }},
	}}
}

// administered are the users of static roles, where the manager needs a right for each:
// from PostgreSQL 16 on CREATEROLE changes the users that it made, and no other.
func (p *postgres) administered(s *Survey) (users []string) {
	major, _, _ := strings.Cut(s.Server, ".")
	if n, err := strconv.Atoi(major); err != nil || n < 16 {
		return nil
	}
	for _, static := range p.set.Static {
		users = append(users, static.User)
	}
	slices.Sort(users)
	return slices.Compact(users)
}

// makeUser is the statement for a user that may be there half made.
func (p *postgres) makeUser(ctx context.Context, name, attributes string) string {
	verb := "CREATE ROLE "
	if is, err := p.exists(ctx, name); is && err == nil {
		verb = "ALTER ROLE "
	}
	return verb + quoted(name) + " LOGIN " + attributes
}

func (p *postgres) exists(ctx context.Context, user string) (bool, error) {
	n, err := one(ctx, p.db, "SELECT 1 FROM pg_roles WHERE rolname = $1", user)
	return n != "", err
}

// drop removes a role of ours. What it owns, a table that a migration made as the
// group, is not ours to drop: the statement then fails and says so.
func (p *postgres) drop(ctx context.Context, role string) error {
	owns, err := one(ctx, p.db, `SELECT count(*) FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1) AND deptype = 'o'`, role)
	if err != nil {
		return err
	}
	if owns != "0" {
		return fmt.Errorf("%s owns %s things by now: REASSIGN OWNED BY %s TO their new owner first", role, owns, quoted(role))
	}
	// Its grants go by DROP OWNED, for which one has to be in it, or a superuser.
	return all(ctx, p.db, "GRANT "+quoted(role)+" TO CURRENT_USER", "DROP OWNED BY "+quoted(role), "DROP ROLE "+quoted(role))
}

// lookGroup compares what the group may do with what it should.
func (p *postgres) lookGroup(ctx context.Context, s *Survey) (state, error) {
	group := p.set.Database.Group
	attributes, err := query(ctx, p.db, "SELECT rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls, rolinherit FROM pg_roles WHERE rolname = $1", group)
	if err != nil || len(attributes) == 0 {
		return absent, err
	}
	if attributes[0][0] == "true" || attributes[0][1] != fmt.Sprint(s.Inherits) {
		return differs, nil
	}
	have, err := p.grants(ctx, group)
	if err != nil {
		return absent, err
	}
	for _, g := range s.Grants {
		if !slices.Contains(have, g) {
			return differs, nil
		}
	}
	if len(have) > len(s.Grants) && !p.made("group") {
		return differs, nil // somebody's own, who may do more
	}
	return equal, nil
}

func (p *postgres) makeGroup(ctx context.Context, s *Survey) error {
	group := p.set.Database.Group
	inherit := map[bool]string{true: "INHERIT", false: "NOINHERIT"}[s.Inherits]
	var statements []string
	if is, err := p.exists(ctx, group); err != nil {
		return err
	} else if !is {
		statements = append(statements, "CREATE ROLE "+quoted(group)+" NOLOGIN "+inherit)
	}
	for _, g := range s.Grants {
		statements = append(statements, g.Text+" "+quoted(group))
	}
	return all(ctx, p.db, statements...)
}

func (p *postgres) lookManager(ctx context.Context, s *Survey) (state, error) {
	rows, err := query(ctx, p.db, `SELECT rolcreaterole AND rolcanlogin AND NOT rolsuper,
		EXISTS (SELECT 1 FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid AND g.rolname = $2 AND m.admin_option),
		pg_has_role(r.oid, 'pg_signal_backend', 'MEMBER')
		FROM pg_roles r WHERE rolname = $1`, p.set.Database.Manager, p.set.Database.Group)
	switch {
	case err != nil || len(rows) == 0:
		return absent, err
	case slices.Contains(rows[0], "false"):
		return differs, nil
	}
	for _, user := range p.administered(s) {
		has, err := one(ctx, p.db, `SELECT 1 FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.roleid JOIN pg_roles r ON r.oid = m.member
			WHERE u.rolname = $1 AND r.rolname = $2 AND m.admin_option`, user, p.set.Database.Manager)
		if err != nil || has == "" {
			return differs, err
		}
	}
	return equal, nil
}

func (p *postgres) setPassword(ctx context.Context, user string, password leak.Secret) error {
	v, err := scram.Verifier(password)
	if err != nil {
		return err
	}
	_, err = p.db.ExecContext(ctx, "ALTER ROLE "+quoted(user)+" PASSWORD "+literal(v))
	return err
}

// statements make a user who is in the group and has nothing else. Where the group may
// make things, sessions begin as the group: what they make is its, and stays when the
// user goes.
func (p *postgres) statements(s *Survey) Statements {
	group := quoted(p.set.Database.Group)
	out := Statements{
		Create: []string{`CREATE ROLE "{{name}}" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}' IN ROLE ` + group + `;`},
		Renew:  []string{`ALTER ROLE "{{name}}" VALID UNTIL '{{expiration}}';`},
		// The sessions that are there end with the user.
		Revoke: []string{`ALTER ROLE "{{name}}" NOLOGIN;`, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{{name}}';`, `DROP ROLE IF EXISTS "{{name}}";`},
	}
	for _, setting := range s.Settings {
		out.Create = append(out.Create, `ALTER ROLE "{{name}}" SET `+setting+`;`)
	}
	if s.Creates {
		out.Create = append(out.Create, `ALTER ROLE "{{name}}" SET role TO `+group+`;`)
	}
	return out
}

// connection: the plugin sends verifiers in the place of passwords, as we do.
func (p *postgres) connection() map[string]any {
	d := p.set.Database
	u := url.URL{Scheme: "postgresql", Host: d.Reached, Path: "/" + d.Database, RawQuery: "sslmode=" + postgresTLS[d.TLS]}
	return map[string]any{"plugin_name": "postgresql-database-plugin", "password_authentication": "scram-sha-256",
		"connection_url": strings.Replace(u.String(), "://", "://{{username}}:{{password}}@", 1)}
}

// retire locks the old user, whose password stays what it is: taking it back is letting
// it in again.
func (p *postgres) retire() step {
	user := p.set.User
	return step{
		Step: act.Step{ID: "retire", Text: "let " + user + " log in no more (NOLOGIN), where nobody is connected as it", Undo: "let it log in again, with its old password"},
		risk: "a program that still has the old password cannot connect any more",
		op: thing{what: user, ours: func() bool { return p.made("retire") },
			look: func(ctx context.Context) (state, error) {
				can, err := one(ctx, p.db, "SELECT rolcanlogin FROM pg_roles WHERE rolname = $1", user)
				return map[bool]state{true: equal}[can == "false"], err
			},
			make: func(ctx context.Context) error {
				sessions, err := query(ctx, p.db, "SELECT coalesce(nullif(application_name, ''), 'a program'), coalesce(host(client_addr), 'the server itself') FROM pg_stat_activity WHERE usename = $1 ORDER BY 1, 2", user)
				if err != nil {
					return err
				}
				if err := inUse(user, sessions); err != nil {
					return err
				}
				_, err = p.db.ExecContext(ctx, "ALTER ROLE "+quoted(user)+" NOLOGIN")
				return err
			},
			remove: func(ctx context.Context) error {
				_, err := p.db.ExecContext(ctx, "ALTER ROLE "+quoted(user)+" LOGIN")
				return err
			}},
	}
}

// inUse names who is connected, each a program and where it is.
func inUse(user string, sessions [][]string) error {
	if len(sessions) == 0 {
		return nil
	}
	var who []string
	for _, s := range sessions {
		who = append(who, strings.Join(s, " at "))
	}
	return fmt.Errorf("%d sessions of %s go on (%s): start these programs with the new credentials first", len(sessions), user, strings.Join(slices.Compact(who), ", "))
}

// prove logs in as a user that Vault made and asks for each grant whether it has it.
func (p *postgres) prove(ctx context.Context, s *Survey, user string, password leak.Secret) (missing []string, err error) {
	db, err := openPostgres(p.set.Database, user, password)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return nil, err
	}
	for _, g := range s.Grants {
		if g.Kind == "" {
			continue
		}
		ask, args := "SELECT has_"+g.Kind+"_privilege($1, $2)", []any{g.Object, g.Right}
		if g.Kind == "role" {
			ask, args = "SELECT pg_has_role($1, 'MEMBER')", []any{g.Object}
		}
		has, err := one(ctx, db, ask, args...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.Text, err)
		}
		if has != "true" {
			missing = append(missing, strings.TrimSuffix(strings.TrimPrefix(g.Text, "GRANT "), " TO"))
		}
	}
	return missing, nil
}

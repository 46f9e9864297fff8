package dynamic

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// postgresGrants are what a role may do, of itself and as the owner of things: one row
// a right, with the words of its statement. PUBLIC's rights everybody has, so they are
// not among them. The catalogues are those of PostgreSQL 12 to 17
// (https://www.postgresql.org/docs/15/catalogs.html).
const postgresGrants = `
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = $1)
SELECT format('GRANT %s ON %s %s TO', a.privilege_type, o.word, o.name), o.kind, coalesce(o.bare, o.name), a.privilege_type FROM (
	SELECT CASE WHEN c.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS word, CASE WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END AS kind,
		format('%I.%I', n.nspname, c.relname) AS name, NULL AS bare, coalesce(c.relacl, acldefault(CASE WHEN c.relkind = 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't'
	UNION ALL SELECT 'SCHEMA', 'schema', quote_ident(nspname), nspname, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname !~ '^pg_(temp|toast)'
	UNION ALL SELECT 'DATABASE', 'database', quote_ident(datname), datname, coalesce(datacl, acldefault('d', datdba)) FROM pg_database WHERE datname = current_database()
	UNION ALL SELECT 'ROUTINE', 'function', format('%I.%I(%s)', n.nspname, f.proname, oidvectortypes(f.proargtypes)), NULL, coalesce(f.proacl, acldefault('f', f.proowner))
		FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
	UNION ALL SELECT 'TYPE', 'type', format('%I.%I', n.nspname, t.typname), NULL, t.typacl FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typacl IS NOT NULL
	UNION ALL SELECT 'LANGUAGE', 'language', quote_ident(lanname), lanname, lanacl FROM pg_language WHERE lanacl IS NOT NULL
	UNION ALL SELECT 'FOREIGN SERVER', 'server', quote_ident(srvname), srvname, coalesce(srvacl, acldefault('S', srvowner)) FROM pg_foreign_server
) o, aclexplode(o.acl) a, me WHERE a.grantee = me.oid
UNION ALL SELECT format('GRANT %s (%I) ON TABLE %I.%I TO', a.privilege_type, c.attname, n.nspname, t.relname), '', format('%I.%I.%I', n.nspname, t.relname, c.attname), a.privilege_type
	FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace, aclexplode(c.attacl) a, me WHERE a.grantee = me.oid
UNION ALL SELECT format('GRANT %I TO', r.rolname), 'role', r.rolname, 'MEMBER'
	FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid, me WHERE m.member = me.oid
UNION ALL SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s GRANT %s ON %s TO', r.rolname, CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END,
		a.privilege_type, CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'ROUTINES' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END), '', r.rolname, a.privilege_type
	FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace, aclexplode(d.defaclacl) a, me
	WHERE a.grantee = me.oid AND d.defaclrole <> me.oid
ORDER BY 1`

func (p *postgres) grants(ctx context.Context, role string) ([]Grant, error) {
	rows, err := query(ctx, p.db, postgresGrants, role)
	if err != nil {
		return nil, fmt.Errorf("read what %s may do: %w", role, err)
	}
	var grants []Grant
	for _, r := range rows {
		grants = append(grants, Grant{r[0], r[1], r[2], r[3]})
	}
	return grants, nil
}

func (p *postgres) survey(ctx context.Context) (*Survey, error) {
	user := p.set.User
	role, err := query(ctx, p.db, `SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit FROM pg_roles WHERE rolname = $1`, user)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", p.set.Database.Address, err)
	}
	if len(role) == 0 {
		return nil, fmt.Errorf("the database has no user %s", user)
	}
	if err := p.boundless(ctx, role[0][0] == "true"); err != nil {
		return nil, err
	}
	s := &Survey{Inherits: role[0][1] == "true"}
	if s.Server, err = one(ctx, p.db, "SELECT current_setting('server_version')"); err != nil {
		return nil, err
	}
	for i, attribute := range []string{"CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"} {
		if role[0][2+i] == "true" {
			s.Lost = append(s.Lost, attribute+": no group hands an attribute on")
		}
	}
	if n := role[0][6]; n != "-1" {
		s.Lost = append(s.Lost, "CONNECTION LIMIT "+n+": it counts for each user alone")
	}
	if s.Grants, err = p.grants(ctx, user); err != nil {
		return nil, err
	}
	for _, find := range []func(context.Context, *Survey) error{p.owned, p.others, p.userSettings} {
		if err := find(ctx, s); err != nil {
			return nil, err
		}
	}
	for _, g := range s.Grants {
		s.Creates = s.Creates || g.Right == "CREATE" && (g.Kind == "schema" || g.Kind == "database")
	}
	return s, nil
}

// boundless refuses users who may do what no grant says.
func (p *postgres) boundless(ctx context.Context, super bool) error {
	above, err := one(ctx, p.db, `WITH RECURSIVE above AS (
		SELECT m.roleid FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = $1
		UNION SELECT m.roleid FROM pg_auth_members m JOIN above a ON m.member = a.roleid)
		SELECT r.rolname FROM above JOIN pg_roles r ON r.oid = above.roleid WHERE r.rolsuper LIMIT 1`, p.set.User)
	if err != nil {
		return err
	}
	if super || above != "" {
		return fmt.Errorf("%s may do anything (%s): give its program a user with the grants that it needs, and name that one", p.set.User, map[bool]string{true: "it is a superuser", false: "it is in " + above}[super])
	}
	return nil
}

// owned tells what the owner alone may do. What it may do with a thing beside that is
// among its grants. Things that it makes later are for the group too.
func (p *postgres) owned(ctx context.Context, s *Survey) error {
	n, err := one(ctx, p.db, `SELECT count(*) FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND d.classid <> 'pg_default_acl'::regclass
		AND d.refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1) AND d.dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`, p.set.User)
	if err != nil || n == "0" {
		return err
	}
	user, err := one(ctx, p.db, "SELECT quote_ident($1)", p.set.User)
	if err != nil {
		return err
	}
	s.Lost = append(s.Lost, "ALTER and DROP of the "+n+" things that it owns: an owner's alone; have migrations run as it, by a static role")
	for _, later := range []struct{ word, rights string }{{"TABLES", "SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER"}, {"SEQUENCES", "SELECT UPDATE USAGE"}, {"ROUTINES", "EXECUTE"}} {
		for right := range strings.FieldsSeq(later.rights) {
			s.Grants = append(s.Grants, Grant{Text: fmt.Sprintf("ALTER DEFAULT PRIVILEGES FOR ROLE %s GRANT %s ON %s TO", user, right, later.word), Object: p.set.User, Right: right})
		}
	}
	return nil
}

var simpleName = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// others are what a list of grants does not hold.
func (p *postgres) others(ctx context.Context, s *Survey) error {
	policies, err := query(ctx, p.db, `SELECT format('%I on %s', polname, polrelid::regclass) FROM pg_policy WHERE (SELECT oid FROM pg_roles WHERE rolname = $1) = ANY (polroles)`, p.set.User)
	if err != nil {
		return err
	}
	for _, row := range policies {
		s.Lost = append(s.Lost, "the row policy "+row[0]+", which is for it by name: ALTER POLICY … TO "+p.set.Database.Group+", too")
	}
	elsewhere, err := one(ctx, p.db, `SELECT count(DISTINCT d.dbid) FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass
		AND d.refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1) AND d.dbid NOT IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))`, p.set.User)
	if err == nil && elsewhere != "0" {
		s.Lost = append(s.Lost, "what it may do in "+elsewhere+" other databases of the server: each needs a role of its own")
	}
	return err
}

// lists are the settings whose value is a list, which is not quoted as a whole
// (pg_dump, variable_is_guc_list_quote).
const lists = " search_path temp_tablespaces local_preload_libraries session_preload_libraries "

var listValue = regexp.MustCompile(`^[A-Za-z0-9_", $]*$`)

// userSettings are those that the server applies when the user logs in. A group does not hand
// them on, so each user is made with them. A schema of the user's own name is found by
// default, and for another user by name alone.
func (p *postgres) userSettings(ctx context.Context, s *Survey) error {
	rows, err := query(ctx, p.db, `SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = $1)
		AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY setdatabase, 1`, p.set.User)
	if err != nil {
		return err
	}
	path := ""
	for _, row := range rows {
		name, value, _ := strings.Cut(row[0], "=")
		list := strings.Contains(lists, " "+name+" ")
		if !plain(value) || !simpleName.MatchString(strings.ReplaceAll(name, ".", "_")) || list && !listValue.MatchString(value) {
			s.Lost = append(s.Lost, "the setting "+name+": its value cannot stand in a statement of Vault's")
			continue
		}
		switch {
		case name == "search_path":
			path = value
		case name == "role":
			return errors.New("its sessions begin as another role (ALTER ROLE … SET role): name that one's grants by hand")
		case list:
			s.Settings = append(s.Settings, name+" TO "+value)
		default:
			s.Settings = append(s.Settings, name+" TO "+literal(value))
		}
	}
	own, err := one(ctx, p.db, "SELECT 1 FROM pg_namespace WHERE nspname = $1", p.set.User)
	if err != nil {
		return err
	}
	if path == "" && own != "" {
		path = `"$user", public`
	}
	if path != "" {
		s.Settings = append(s.Settings, "search_path TO "+strings.ReplaceAll(path, `"$user"`, quoted(p.set.User)))
	}
	return nil
}

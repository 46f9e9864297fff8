package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// fact is something that is true of one role, as the statement that makes it so: what
// stands before the role's name, and after it.
type fact struct {
	database   string // in which it is said
	head, tail string
	// key names what can have one value alone; "" is a grant, of which there can be many.
	key string
	// hand: the statement is not ours to make, and shown to a person.
	hand bool
}

func (f fact) of(role string) string { return f.head + quoted(role) + f.tail }

// The catalogues are those of PostgreSQL 11 to 17 (https://www.postgresql.org/docs/15/catalogs.html).
// What is quoted is quoted by format, the names that a program could give to things too.
// The last two columns are a fact's key and whether it is a person's to make.

// everywhereFacts are those that hold in all databases.
const everywhereFacts = `
WITH me AS (SELECT * FROM pg_roles WHERE rolname = $1)
SELECT 'ALTER ROLE ', ' ' || CASE WHEN a.has THEN '' ELSE 'NO' END || a.word, a.word, '' FROM me, LATERAL (VALUES
	('SUPERUSER', rolsuper), ('INHERIT', rolinherit), ('CREATEROLE', rolcreaterole), ('CREATEDB', rolcreatedb), ('REPLICATION', rolreplication), ('BYPASSRLS', rolbypassrls)) a(word, has)
UNION ALL SELECT 'ALTER ROLE ', format(' CONNECTION LIMIT %s', rolconnlimit), 'CONNECTION LIMIT', '' FROM me
UNION ALL SELECT 'ALTER ROLE ', format(' VALID UNTIL %L', coalesce(rolvaliduntil, 'infinity')::text), 'VALID UNTIL', '' FROM me
UNION ALL SELECT DISTINCT format('GRANT %I TO ', g.rolname), CASE WHEN to_jsonb(m) ? 'inherit_option'
		THEN format(' WITH ADMIN %s, INHERIT %s, SET %s', upper(to_jsonb(m)->>'admin_option'), upper(to_jsonb(m)->>'inherit_option'), upper(to_jsonb(m)->>'set_option'))
		WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END, '', ''
	FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN me ON me.oid = m.member
UNION ALL SELECT format('GRANT %s ON %s %s TO ', a.privilege_type, o.word, o.name), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, '', '' FROM (
	SELECT 'DATABASE' AS word, quote_ident(datname) AS name, datacl AS acl FROM pg_database
	UNION ALL SELECT 'TABLESPACE', quote_ident(spcname), spcacl FROM pg_tablespace
	%s) o, aclexplode(o.acl) a, me WHERE a.grantee = me.oid
UNION ALL SELECT 'ALTER ROLE ', CASE WHEN d.datname IS NULL THEN '' ELSE format(' IN DATABASE %I', d.datname) END || ' SET ' || c, 'SET ' || coalesce(quote_ident(d.datname), '') || ' ' || split_part(c, '=', 1), ''
	FROM pg_db_role_setting s JOIN me ON me.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c`

// parameterFacts are there since version 15.
const parameterFacts = `UNION ALL SELECT 'PARAMETER', parname, paracl FROM pg_parameter_acl`

// databaseFacts are those of one database.
const databaseFacts = `
WITH me AS (SELECT * FROM pg_roles WHERE rolname = $1)
SELECT format('GRANT %s ON %s %s TO ', a.privilege_type, o.word, o.name), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, '', '' FROM (
	SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS word, format('%I.%I', n.nspname, c.relname) AS name, c.relacl AS acl
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relpersistence <> 't'
	UNION ALL SELECT 'SCHEMA', quote_ident(nspname), nspacl FROM pg_namespace
	UNION ALL SELECT 'ROUTINE', p.oid::regprocedure::text, p.proacl FROM pg_proc p WHERE p.proacl IS NOT NULL
	UNION ALL SELECT 'TYPE', t.oid::regtype::text, t.typacl FROM pg_type t WHERE t.typacl IS NOT NULL
	UNION ALL SELECT 'LANGUAGE', quote_ident(lanname), lanacl FROM pg_language
	UNION ALL SELECT 'FOREIGN SERVER', quote_ident(srvname), srvacl FROM pg_foreign_server
	UNION ALL SELECT 'FOREIGN DATA WRAPPER', quote_ident(fdwname), fdwacl FROM pg_foreign_data_wrapper
	UNION ALL SELECT 'LARGE OBJECT', oid::text, lomacl FROM pg_largeobject_metadata
	) o, aclexplode(o.acl) a, me WHERE a.grantee = me.oid
UNION ALL SELECT format('GRANT %s (%I) ON TABLE %I.%I TO ', a.privilege_type, c.attname, n.nspname, t.relname), CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, '', ''
	FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace, aclexplode(c.attacl) a, me WHERE a.grantee = me.oid
UNION ALL SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s GRANT %s ON %s TO ', r.rolname, CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END, a.privilege_type, k.word),
		CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END, '', ''
	FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
		JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'ROUTINES'), ('T', 'TYPES'), ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS')) k(kind, word) ON k.kind = d.defaclobjtype::text,
		aclexplode(d.defaclacl) a, me WHERE a.grantee = me.oid AND d.defaclrole <> me.oid
UNION ALL SELECT 'ALTER DEFAULT PRIVILEGES FOR ROLE ', format('%s GRANT %s ON %s TO %s%s', CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END, a.privilege_type, k.word,
		CASE WHEN g.oid IS NULL THEN 'PUBLIC' ELSE quote_ident(g.rolname) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), '', ''
	FROM pg_default_acl d JOIN me ON me.oid = d.defaclrole LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
		JOIN (VALUES ('r', 'TABLES'), ('S', 'SEQUENCES'), ('f', 'ROUTINES'), ('T', 'TYPES'), ('n', 'SCHEMAS'), ('L', 'LARGE OBJECTS')) k(kind, word) ON k.kind = d.defaclobjtype::text,
		aclexplode(d.defaclacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.grantee <> d.defaclrole
UNION ALL SELECT format('ALTER POLICY %I ON %s TO (whom it is for, and) ', polname, polrelid::regclass), '', '', 'hand' FROM pg_policy, me WHERE me.oid = ANY (polroles)
UNION ALL SELECT 'CREATE USER MAPPING FOR ', format(' SERVER %I', m.srvname), '', 'hand' FROM pg_user_mappings m JOIN me ON me.oid = m.umuser`

// databases are those in which one of two roles has anything, the settings' first.
func (s *session) databases(ctx context.Context, home, a, b string) ([]string, error) {
	rows, err := s.rows(ctx, `SELECT datname FROM pg_database WHERE datallowconn AND datname <> $1 AND oid IN (
		SELECT dbid FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid IN (SELECT oid FROM pg_roles WHERE rolname IN ($2, $3))) ORDER BY 1`, home, a, b)
	return append([]string{home}, slices.Concat(rows...)...), err
}

// facts are what is true of a role in a database, and everywhere where it is the first.
func (s *session) facts(ctx context.Context, database string, first bool, role string) (all []fact, err error) {
	rows, err := s.rows(ctx, databaseFacts, role)
	if err != nil {
		return nil, fmt.Errorf("read what %s may do: %w", role, err)
	}
	if first {
		more := ""
		if version := s.PgConn().ParameterStatus("server_version"); atLeast15(version) {
			more = parameterFacts
		}
		shared, err := s.rows(ctx, strings.Replace(everywhereFacts, "\n\t%s)", "\n\t"+more+")", 1), role)
		if err != nil {
			return nil, fmt.Errorf("read what %s is: %w", role, err)
		}
		rows = append(rows, shared...)
	}
	for _, row := range rows {
		all = append(all, fact{database, row[0], row[1], row[2], row[3] != ""})
	}
	return all, nil
}

func atLeast15(version string) bool {
	var major int
	fmt.Sscan(strings.SplitN(version, ".", 2)[0], &major)
	return major >= 15
}

// difference is what two roles do not have in common.
type difference struct {
	missing []fact // the second lacks it
	extra   []fact // the first lacks it
}

// compare looks at all databases.
func (r *Rotator) compare(ctx context.Context, old, fresh string) (d difference, err error) {
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return d, err
	}
	defer func() { s.close(ctx) }()
	databases, err := s.databases(ctx, r.set.Database, old, fresh)
	if err != nil {
		return d, err
	}
	for i, database := range databases {
		if i > 0 {
			s.close(ctx)
			if s, err = r.primary(ctx, database); err != nil {
				return d, fmt.Errorf("%s has rights in it: %w", old, err)
			}
		}
		have, err := s.facts(ctx, database, i == 0, old)
		if err != nil {
			return d, err
		}
		has, err := s.facts(ctx, database, i == 0, fresh)
		if err != nil {
			return d, err
		}
		d.missing = append(d.missing, without(have, has)...)
		d.extra = append(d.extra, without(has, have)...)
	}
	replaced := func(f fact) bool {
		return f.key != "" && slices.ContainsFunc(d.missing, func(m fact) bool { return m.key == f.key })
	}
	d.extra = slices.DeleteFunc(d.extra, replaced)
	return d, nil
}

func without(all, these []fact) (rest []fact) {
	for _, f := range all {
		if !slices.Contains(these, f) {
			rest = append(rest, f)
		}
	}
	return rest
}

// told are facts as statements about a role, for a person; a long list is cut.
func told(facts []fact, role string) string {
	var all []string
	for i, f := range facts {
		if i == 8 {
			all = append(all, fmt.Sprintf("and %d more", len(facts)-i))
			break
		}
		all = append(all, f.of(role))
	}
	return strings.Join(all, "; ")
}

// uncounted tells how many entries of the catalogue of dependencies one role has and the
// other lacks, in a database: what the lists above do not know of.
func (s *session) uncounted(ctx context.Context, old, fresh string) (string, error) {
	return s.one(ctx, `WITH d AS (SELECT r.rolname, classid, objid, objsubid, deptype FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
		WHERE refclassid = 'pg_authid'::regclass AND deptype IN ('a', 'r') AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database())))
		SELECT count(*) FROM (
			(SELECT classid, objid, objsubid, deptype FROM d WHERE rolname = $1 EXCEPT SELECT classid, objid, objsubid, deptype FROM d WHERE rolname = $2)
			UNION ALL (SELECT classid, objid, objsubid, deptype FROM d WHERE rolname = $2 EXCEPT SELECT classid, objid, objsubid, deptype FROM d WHERE rolname = $1)) x`, old, fresh)
}

// owned are things that a role alone may change, in words; "" is none.
func (s *session) owned(ctx context.Context, role string) (string, error) {
	rows, err := s.rows(ctx, `SELECT count(*) OVER (), pg_describe_object(classid, objid, 0) FROM pg_shdepend
		WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = $1)
		AND dbid IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
		AND classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass)
		AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE classid = 'pg_class'::regclass AND c.oid = objid AND c.relpersistence = 't') LIMIT 3`, role)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	var some []string
	for _, row := range rows {
		some = append(some, row[1])
	}
	return fmt.Sprintf("%s things in the database %s (%s)", rows[0][0], s.Config().Database, strings.Join(some, ", ")), nil
}

// role is what a role is, of itself.
type role struct {
	login, super bool
	mark         mark
}

// lookAt gives nil for a role that is not there.
func (s *session) lookAt(ctx context.Context, name string) (*role, error) {
	rows, err := s.rows(ctx, "SELECT rolcanlogin, rolsuper, coalesce(shobj_description(oid, 'pg_authid'), '') FROM pg_roles WHERE rolname = $1", name)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &role{rows[0][0] == "t", rows[0][1] == "t", readMark(rows[0][2])}, nil
}

// kept is what the server keeps of a role's password. can is false where the admin may
// not see it, as in databases that a cloud runs.
func (s *session) kept(ctx context.Context, name string) (kept string, can bool, err error) {
	rows, err := s.rows(ctx, "SELECT coalesce(rolpassword, ''), rolvaliduntil <= now() FROM pg_authid WHERE rolname = $1", name)
	switch {
	case code(err) == denied:
		return "", false, nil
	case err != nil || len(rows) == 0:
		return "", true, err
	case rows[0][1] == "t":
		return "", true, nil // no password lets it in any more
	}
	return rows[0][0], true, nil
}

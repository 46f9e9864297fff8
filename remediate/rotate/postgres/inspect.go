package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// managers are roles that the makers of a cloud's database give to the user that they
// look after themselves.
var managers = []string{"rds_superuser", "rdsadmin", "rds_iam", "cloudsqlsuperuser", "cloudsqlimportexport", "azure_pg_admin", "azuresu"}

// Inspect looks whether the old user can be rotated as the settings say.
func (r *Rotator) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	name := dbuser.Name(old)
	subject := rotate.Subject{ID: name + "@" + r.set.Addresses[0] + "/" + r.set.Database}
	fresh, err := r.other(name)
	if err != nil {
		return subject, err
	}
	if admin := r.set.Admin.Username; admin == name || admin == fresh {
		return subject, rotate.Refuse("name another admin, who may change roles", "%s is the admin that the rotation is done with: it would lock itself out", admin)
	}
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return subject, err
	}
	defer s.close(ctx)
	subject.Owner = "PostgreSQL " + s.PgConn().ParameterStatus("server_version") + " at " + s.address
	p, err := s.pair(ctx, name, fresh)
	if err != nil {
		return subject, err
	}
	if err := r.others(ctx, s, p); err != nil {
		return subject, err
	}
	if subject.Status, err = r.status(ctx, s, old); err != nil {
		return subject, err
	}
	if subject.Status != rotate.Live {
		subject.Notes = append(subject.Notes, fmt.Sprintf("%s does not log in with the old password any more (%s)", name, subject.Status))
	}
	if r.set.Question == "" {
		subject.Notes = append(subject.Notes, "the settings name no `check`: the new credential is tried by logging in alone")
	}
	if kept, _, err := s.kept(ctx, name); err == nil && strings.HasPrefix(kept, "md5") {
		subject.Notes = append(subject.Notes, "the old password is kept as an MD5 sum, the new one as SCRAM-SHA-256: drivers from before 2017 cannot use it")
	}
	if r.single() {
		return subject, nil
	}
	notes, err := r.turns(ctx, s, p)
	subject.Notes = append(subject.Notes, notes...)
	return subject, err
}

// others refuses what belongs to somebody else, or to nobody.
func (r *Rotator) others(ctx context.Context, s *session, p pair) error {
	if p.oldIs == nil {
		return rotate.Refuse("name the user that the entry's programs have", "%s has no role %s", s.address, p.old)
	}
	if p.oldIs.super && !r.set.Superuser {
		return rotate.Refuse("give the program a user with the rights that it needs, or say `superuser: true`", "%s is a superuser", p.old)
	}
	above, err := s.rows(ctx, `WITH RECURSIVE above AS (
		SELECT roleid FROM pg_auth_members WHERE member = (SELECT oid FROM pg_roles WHERE rolname = $1)
		UNION SELECT m.roleid FROM pg_auth_members m JOIN above a ON m.member = a.roleid)
		SELECT r.rolname FROM above JOIN pg_roles r ON r.oid = above.roleid ORDER BY 1`, p.old)
	if err != nil {
		return err
	}
	for _, row := range above {
		if slices.Contains(managers, row[0]) {
			return rotate.Refuse("have the cloud rotate it (RDS: ManageMasterUserPassword), and give programs a user of their own", "%s is in %s: it is the cloud's own admin, or logs in by the cloud's tokens", p.old, row[0])
		}
	}
	if strings.HasPrefix(p.old, "v-") {
		return rotate.Refuse("it ends with its lease", "%s has the name of a user that Vault's database engine made", p.old)
	}
	if r.opt.Managed == nil {
		return nil
	}
	for _, user := range []string{p.old, p.fresh} {
		by, err := r.opt.Managed(ctx, s.address, user)
		if err != nil {
			return err
		}
		if by != "" {
			return rotate.Refuse("rotate it there", "%s changes the password of %s", by, user)
		}
	}
	return nil
}

// turns refuses a pair that cannot take turns.
func (r *Rotator) turns(ctx context.Context, s *session, p pair) (notes []string, err error) {
	if err := r.mine(ctx, s, p); err != nil {
		return nil, err
	}
	if err := p.known(); err != nil {
		return nil, err
	}
	if p.freshIs != nil && p.freshIs.login {
		return nil, rotate.Refuse("end an earlier rotation first (`oakum remediate status`); or, if nobody uses it: ALTER ROLE "+quoted(p.fresh)+" NOLOGIN", "%s can log in, and ought to rest", p.fresh)
	}
	d, err := r.compare(ctx, p.old, p.fresh)
	if err != nil {
		return nil, err
	}
	if hand := slices.DeleteFunc(slices.Clone(d.missing), func(f fact) bool { return !f.hand }); len(hand) > 0 {
		return nil, rotate.Refuse("give these to a group role that both are in, or do it by hand first: "+told(hand, p.fresh), "%s has by name what oakum does not copy", p.old)
	}
	if len(d.extra) > 0 {
		return nil, rotate.Refuse("take that away from it first", "%s has what %s has not: %s", p.fresh, p.old, told(d.extra, p.fresh))
	}
	if p.freshIs == nil {
		notes = append(notes, fmt.Sprintf("%s is made, with %d attributes, settings, memberships and grants of %s", p.fresh, len(d.missing), p.old))
	} else if len(d.missing) > 0 {
		notes = append(notes, fmt.Sprintf("%s gets what %s has by now: %s", p.fresh, p.old, told(d.missing, p.fresh)))
	}
	if n, err := s.one(ctx, "SELECT count(*) FROM pg_stat_activity WHERE usename = $1", p.fresh); err == nil && n != "0" {
		notes = append(notes, fmt.Sprintf("%s sessions of %s go on since an earlier rotation", n, p.fresh))
	}
	policies, err := s.rows(ctx, `SELECT format('%I on %s', polname, polrelid::regclass) FROM pg_policy
		WHERE concat(pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) ~* 'current_user|session_user|current_role'`)
	for _, row := range policies {
		notes = append(notes, "the row policy "+row[0]+" asks for the user's name: see that it means both")
	}
	return notes, err
}

// mine refuses what the old role has that no second one can have.
func (r *Rotator) mine(ctx context.Context, s *session, p pair) error {
	databases, err := s.databases(ctx, r.set.Database, p.old, p.fresh)
	if err != nil {
		return err
	}
	for i, database := range databases {
		in := s
		if i > 0 {
			if in, err = r.primary(ctx, database); err != nil {
				return err
			}
		}
		err := r.mineIn(ctx, in, p)
		if i > 0 {
			in.close(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Rotator) mineIn(ctx context.Context, s *session, p pair) error {
	what, err := s.owned(ctx, p.old)
	if err != nil {
		return err
	}
	if what != "" {
		return rotate.Refuse(fmt.Sprintf("make a group the owner, and both its members: CREATE ROLE app_owner NOLOGIN; GRANT app_owner TO %[1]s; REASSIGN OWNED BY %[1]s TO app_owner (in each database); ALTER ROLE %[1]s SET role TO app_owner has what it makes later belong to the group too", quoted(p.old)),
			"%s owns %s, which %s could not alter", p.old, what, p.fresh)
	}
	own, err := s.one(ctx, `SELECT 1 FROM pg_namespace WHERE nspname = $1 AND NOT EXISTS (SELECT 1 FROM pg_db_role_setting s, unnest(s.setconfig) c
		WHERE s.setrole = (SELECT oid FROM pg_roles WHERE rolname = $1) AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
		AND c LIKE 'search_path=%' AND c NOT LIKE '%$user%')`, p.old)
	if err == nil && own != "" {
		return rotate.Refuse(fmt.Sprintf("ALTER ROLE %[1]s SET search_path TO %[1]s, public", quoted(p.old)),
			"there is a schema %s in %s, which %[1]s finds by its own name, and %[3]s would not", p.old, s.Config().Database, p.fresh)
	}
	return err
}

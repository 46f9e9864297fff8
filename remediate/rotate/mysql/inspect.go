package mysql

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// theirs are users of the server's own, or of the cloud that runs it.
var theirs = []string{"rdsadmin", "mysql.sys", "mysql.session", "mysql.infoschema", "mariadb.sys", "azure_superuser", "cloudsqlsuperuser", "cloudsqlimport", "cloudsqlreplica"}

var boundless = regexp.MustCompile(`^GRANT (.*, )?(ALL PRIVILEGES|SUPER|CREATE USER|SYSTEM_USER|ROLE_ADMIN)(,.*)? ON \*\.\* `)

// Inspect looks whether the old user can be rotated as the settings say.
func (r *Rotator) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	name := dbuser.Name(old)
	subject := rotate.Subject{ID: name + "@" + r.set.Addresses[0] + "/" + r.set.Database, Owner: r.server.String() + " at " + r.set.Addresses[0]}
	fresh, err := r.other(name)
	if err != nil {
		return subject, err
	}
	if admin := r.set.Admin.Username; admin == name || admin == fresh {
		return subject, rotate.Refuse("name another admin, who may change users", "%s is the admin that the rotation is done with: it would lock itself out", admin)
	}
	s, err := r.primary(ctx)
	if err != nil {
		return subject, err
	}
	defer s.close()
	all, err := r.accounts(ctx, s, name)
	if err != nil {
		return subject, err
	}
	if err := r.others(ctx, s, name, fresh, all); err != nil {
		return subject, err
	}
	if subject.Status, err = r.status(ctx, s, old); err != nil {
		return subject, err
	}
	if subject.Status != rotate.Live {
		subject.Notes = append(subject.Notes, fmt.Sprintf("%s does not log in with the old password any more (%s)", name, subject.Status))
	}
	if len(all) > 1 {
		subject.Notes = append(subject.Notes, fmt.Sprintf("%s is there %d times, for hosts of its own: all get the new password", name, len(all)))
	}
	if r.set.Question == "" {
		subject.Notes = append(subject.Notes, "the settings name no `check`: the new credential is tried by logging in alone")
	}
	if r.turns() {
		notes, err := r.pair(ctx, s, all, fresh)
		subject.Notes = append(subject.Notes, notes...)
		return subject, err
	}
	for _, a := range all {
		if r.set.Mode == dbuser.Dual && a.second != "" {
			return subject, rotate.Refuse("end an earlier rotation first (`oakum remediate status`); or, if nobody has it: ALTER USER "+a.String()+" DISCARD OLD PASSWORD", "%s has a second password already", a)
		}
	}
	return subject, nil
}

// others refuses what belongs to somebody else, or to nobody.
func (r *Rotator) others(ctx context.Context, s *session, name, fresh string, all []account) error {
	switch {
	case len(all) == 0:
		return rotate.Refuse("name the user that the entry's programs have", "%s has no user %s", s.address, name)
	case slices.Contains(theirs, name):
		return rotate.Refuse("have the cloud rotate it", "%s is the server's own", name)
	case strings.HasPrefix(name, "v-"):
		return rotate.Refuse("it ends with its lease", "%s has the name of a user that Vault's database engine made", name)
	}
	for _, a := range all {
		if err := provable(a); err != nil {
			return err
		}
		lines, err := s.ask(ctx, "SHOW GRANTS FOR "+a.String())
		if err != nil {
			return err
		}
		for _, line := range lines {
			if strings.Contains(line[0], "rds_superuser_role") {
				return rotate.Refuse("have the cloud rotate it (RDS: ManageMasterUserPassword), and give programs a user of their own", "%s has rds_superuser_role: it is the cloud's own admin", a)
			}
			if boundless.MatchString(line[0]) && !r.set.Superuser {
				return rotate.Refuse("give the program a user with the rights that it needs, or say `superuser: true`", "%s may do anything", a)
			}
		}
	}
	if r.opt.Managed == nil {
		return nil
	}
	for _, user := range []string{name, fresh} {
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

// pair refuses a pair that cannot take turns.
func (r *Rotator) pair(ctx context.Context, s *session, old []account, name string) (notes []string, err error) {
	fresh, err := r.accounts(ctx, s, name)
	if err != nil {
		return nil, err
	}
	for _, b := range fresh {
		if !b.locked {
			return nil, rotate.Refuse(fmt.Sprintf("end an earlier rotation first (`oakum remediate status`); or, if it is there to take turns and nobody uses it: ALTER USER %s ACCOUNT LOCK", b), "%s can log in, and ought to rest", b)
		}
	}
	d, err := r.compare(ctx, s, old, fresh, name)
	if err != nil {
		return nil, err
	}
	if len(d.extra) > 0 {
		return nil, rotate.Refuse("take that away from it first", "%s has what %s has not: %s", name, old[0].user, some(d.extra))
	}
	switch {
	case len(d.absent) > 0:
		notes = append(notes, fmt.Sprintf("%s is made for %d hosts, with %d grants, roles and limits of %s", name, len(d.absent), len(d.missing), old[0].user))
	case len(d.missing) > 0:
		notes = append(notes, fmt.Sprintf("%s gets what %s has by now: %s", name, old[0].user, some(d.missing)))
	}
	n, err := s.one(ctx, `SELECT (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE SUBSTRING_INDEX(DEFINER, '@', 1) = ?)
		+ (SELECT COUNT(*) FROM information_schema.VIEWS WHERE SUBSTRING_INDEX(DEFINER, '@', 1) = ?)
		+ (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE SUBSTRING_INDEX(DEFINER, '@', 1) = ?)
		+ (SELECT COUNT(*) FROM information_schema.EVENTS WHERE SUBSTRING_INDEX(DEFINER, '@', 1) = ?)`, old[0].user, old[0].user, old[0].user, old[0].user)
	if err == nil && n != "0" {
		notes = append(notes, fmt.Sprintf("%s routines, views, triggers and events run as %s: they go on while it is locked, and %s cannot replace them", n, old[0].user, name))
	}
	return notes, err
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/oakum-sec/oakum/remediate/internal/scram"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// mark is what oakum, or the database's owner, writes as the comment of one of the two
// roles that take turns: that it may be given another password and rights.
type mark struct {
	of string // the other role
	op string // of the last rotation that made one of the two the new one
}

var markShape = regexp.MustCompile(`^oakum: takes turns with (.+?)(?:, op ([0-9a-f-]{36}))?$`)

func readMark(comment string) (m mark) {
	if parts := markShape.FindStringSubmatch(comment); parts != nil {
		m.of, m.op = parts[1], parts[2]
	}
	return m
}

func (m mark) String() string { return "oakum: takes turns with " + m.of + ", op " + m.op }

// pair is the two roles as they are.
type pair struct {
	old, fresh     string
	oldIs, freshIs *role // nil: it is not there
}

func (s *session) pair(ctx context.Context, old, fresh string) (p pair, err error) {
	p.old, p.fresh = old, fresh
	if p.oldIs, err = s.lookAt(ctx, old); err == nil {
		p.freshIs, err = s.lookAt(ctx, fresh)
	}
	return p, err
}

// known tells whether the new role is one that may be taken.
func (p pair) known() error {
	if p.freshIs == nil || p.freshIs.mark.of == p.old || p.oldIs != nil && p.oldIs.mark.of == p.fresh {
		return nil
	}
	return rotate.Refuse(fmt.Sprintf("if it is there to take turns with %s, say so: COMMENT ON ROLE %s IS %s", p.old, quoted(p.fresh), literal("oakum: takes turns with "+p.old)),
		"the role %s is there already, and oakum did not make it", p.fresh)
}

// op is the rotation that made the new role what it is.
func (p pair) op() string {
	if p.freshIs != nil && p.freshIs.mark.of == p.old {
		return p.freshIs.mark.op
	}
	if p.oldIs != nil && p.oldIs.mark.of == p.fresh {
		return p.oldIs.mark.op
	}
	return ""
}

// begin are the statements that make the new role, and write down who did.
func (p pair) begin(op string) (statements []string) {
	on, m := p.fresh, mark{p.old, op}
	switch {
	case p.freshIs == nil:
		statements = append(statements, "CREATE ROLE "+quoted(p.fresh)+" NOLOGIN")
	case p.freshIs.mark.of != p.old:
		on, m.of = p.old, p.fresh
	}
	return append(statements, "COMMENT ON ROLE "+quoted(on)+" IS "+literal(m.String()))
}

// Provision makes the new role one that can do what the old one can, and lets it in.
func (r *Rotator) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	old, fresh := dbuser.Name(p.Old), dbuser.Name(p.New)
	if want, err := r.other(old); err != nil || fresh != want {
		return nil, errors.Join(err, fmt.Errorf("the new credential is of %s, and it is the turn of %s", fresh, want))
	}
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return nil, err
	}
	defer s.close(ctx)
	v, err := scram.Verifier(password(p.New))
	if err != nil {
		return nil, err
	}
	if r.single() {
		if err := r.standing(ctx, s, p); err != nil {
			return nil, err
		}
		if err := s.do(ctx, "ALTER ROLE "+quoted(fresh)+" PASSWORD "+literal(v)); err != nil {
			return nil, err
		}
		return p.New, s.note(ctx, fresh)
	}
	if err := r.liken(ctx, s, p.Op, old, fresh); err != nil {
		return nil, err
	}
	return p.New, s.do(ctx, "ALTER ROLE "+quoted(fresh)+" LOGIN PASSWORD "+literal(v))
}

// since is a setting of a single role: when it got its password. No program reads it,
// and it goes when the rotation is over.
const since = "oakum.password_since"

// note writes that down, by the server's own clock. Where the admin may not, the time at
// which programs were told is what sessions are compared with.
func (s *session) note(ctx context.Context, name string) error {
	now, err := s.one(ctx, "SELECT clock_timestamp()")
	if err != nil {
		return err
	}
	err = s.do(ctx, "ALTER ROLE "+quoted(name)+" SET "+since+" TO "+literal(now))
	if code(err) == denied {
		return nil
	}
	return err
}

// noted is that time, or "".
func (s *session) noted(ctx context.Context, name string) (string, error) {
	return s.one(ctx, `SELECT substr(c, length($2) + 2) FROM pg_db_role_setting, unnest(setconfig) c
		WHERE setdatabase = 0 AND setrole = (SELECT oid FROM pg_roles WHERE rolname = $1) AND split_part(c, '=', 1) = $2`, name, since)
}

// forget takes it away.
func (s *session) forget(ctx context.Context, name string) error {
	at, err := s.noted(ctx, name)
	if err != nil || at == "" {
		return err
	}
	return s.do(ctx, "ALTER ROLE "+quoted(name)+" RESET "+since)
}

// standing makes sure that the single role has one of the two passwords that a rotation
// knows. A third is never made.
func (r *Rotator) standing(ctx context.Context, s *session, p rotate.Provision) error {
	name := dbuser.Name(p.Old)
	kept, can, err := s.kept(ctx, name)
	if err != nil {
		return err
	}
	for _, c := range []rotate.Credential{p.Old, p.New} {
		is, err := scram.Holds(kept, name, password(c))
		if !can {
			err = r.login(ctx, s.address, c)
			is = err == nil
			if code(err) == wrong {
				err = nil
			}
		}
		if err != nil || is {
			return err
		}
	}
	return fmt.Errorf("%s has neither the old nor the new password: somebody changed it since the rotation was ordered. Nothing is done; look who that was, set one of the two by hand, and resume or roll back", name)
}

// liken makes the new role like the old one, and is sure of it at its end.
func (r *Rotator) liken(ctx context.Context, s *session, op, old, fresh string) error {
	p, err := s.pair(ctx, old, fresh)
	if err != nil {
		return err
	}
	if err := p.known(); err != nil {
		return err
	}
	if p.freshIs != nil && p.freshIs.login && p.op() != op {
		return fmt.Errorf("%s can log in, and this rotation did not let it: somebody uses it, or another rotation goes on. Nothing is done", fresh)
	}
	if p.op() != op || p.freshIs == nil {
		if err := s.do(ctx, p.begin(op)...); err != nil {
			return err
		}
	}
	d, err := r.compare(ctx, old, fresh)
	if err != nil {
		return err
	}
	if err := r.copy(ctx, d.missing, fresh); err != nil {
		return err
	}
	return r.alike(ctx, old, fresh)
}

// copy makes facts true of a role, a transaction for each database.
func (r *Rotator) copy(ctx context.Context, facts []fact, role string) error {
	statements, order := map[string][]string{}, []string{}
	for _, f := range facts {
		if f.hand {
			continue
		}
		if statements[f.database] == nil {
			order = append(order, f.database)
		}
		statements[f.database] = append(statements[f.database], f.making(role)...)
	}
	for _, database := range order {
		s, err := r.primary(ctx, database)
		if err != nil {
			return err
		}
		err = s.do(ctx, statements[database]...)
		s.close(ctx)
		if err != nil {
			return fmt.Errorf("give %s what the old user has, in the database %s: %w", role, database, err)
		}
	}
	return nil
}

// making are the statements that make a fact true. The value of a setting is whatever
// its user wrote there, so it goes by a function that takes it as text: in a list such
// as search_path it could not be quoted.
func (f fact) making(role string) []string {
	if !strings.HasPrefix(f.key, "SET ") {
		return []string{f.of(role)}
	}
	before, setting, _ := strings.Cut(f.tail, " SET ")
	name, value, _ := strings.Cut(setting, "=")
	var parts []string
	for part := range strings.SplitSeq(name, ".") {
		parts = append(parts, quoted(part))
	}
	name = strings.Join(parts, ".")
	alter := f.head + quoted(role) + before + " SET " + name
	if !listed[strings.Trim(name, `"`)] {
		return []string{alter + " TO " + literal(value)}
	}
	return []string{"SELECT pg_catalog.set_config(" + literal(strings.Trim(name, `"`)) + ", " + literal(value) + ", true)", alter + " FROM CURRENT"}
}

// listed are settings whose value is a list of names (pg_dump, variable_is_guc_list_quote).
var listed = map[string]bool{"search_path": true, "temp_tablespaces": true, "local_preload_libraries": true, "session_preload_libraries": true}

// alike is an error that says in what two roles differ.
func (r *Rotator) alike(ctx context.Context, old, fresh string) error {
	d, err := r.compare(ctx, old, fresh)
	if err != nil {
		return err
	}
	if len(d.missing)+len(d.extra) > 0 {
		return fmt.Errorf("%s is not what %s is: it lacks [%s] and has beyond it [%s]; mend that, then resume", fresh, old, told(d.missing, fresh), told(d.extra, fresh))
	}
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if n, err := s.uncounted(ctx, old, fresh); err != nil || n != "0" {
		return errors.Join(err, fmt.Errorf("%s and %s differ in %s rights of a kind that this oakum does not know (pg_shdepend): it does not go on", old, fresh, n))
	}
	return nil
}

// Withdraw locks the new role again, where it is this rotation's; a single one gets its
// old password back.
func (r *Rotator) Withdraw(ctx context.Context, p rotate.Provision) error {
	old, fresh := dbuser.Name(p.Old), dbuser.Name(p.New)
	s, err := r.primary(ctx, r.set.Database)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if r.single() {
		return r.restore(ctx, s, p)
	}
	if fresh == old {
		return fmt.Errorf("%s is both the old and the new user: nothing is done", old)
	}
	is, err := s.pair(ctx, old, fresh)
	if err != nil || is.freshIs == nil || is.op() != p.Op {
		return err // nobody's, or not ours
	}
	return r.lock(ctx, s, fresh, true)
}

func (r *Rotator) restore(ctx context.Context, s *session, p rotate.Provision) error {
	name := dbuser.Name(p.Old)
	if err := r.standing(ctx, s, p); err != nil {
		return err
	}
	v, err := scram.Verifier(password(p.Old))
	if err != nil {
		return err
	}
	if err := s.do(ctx, "ALTER ROLE "+quoted(name)+" PASSWORD "+literal(v)); err != nil {
		return err
	}
	return s.forget(ctx, name)
}

package mysql

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// Settings are a rotation's own, under `with`. The mode is what the server can do best where
// none is named.
type Settings struct {
	dbuser.Settings `yaml:",inline"`
	TLS             string `yaml:"tls"` // verify (the default), off
}

func (s *Settings) check() error {
	if s.TLS == "" {
		s.TLS = "verify"
	}
	if s.TLS != "verify" && s.TLS != "off" {
		return errors.New("tls is verify or off")
	}
	return s.Check(dbuser.Dual, dbuser.Alternating, dbuser.Single)
}

// Rotator rotates one entry's user. It connects anew for each thing it does.
type Rotator struct {
	set    Settings
	opt    dbuser.Options
	server flavour
	dial   dialer
}

// New makes the rotator of an entry of the kind "mysql". It asks the server which it is.
func New(ctx context.Context, set rotate.Settings, opt dbuser.Options) (rotate.Rotator, error) {
	return build(ctx, set, opt, nil)
}

func build(ctx context.Context, set rotate.Settings, opt dbuser.Options, dial dialer) (rotate.Rotator, error) {
	r := &Rotator{opt: opt, dial: dial}
	if dial == nil {
		r.dial = r.connect
	}
	if err := set.Own(&r.set); err != nil {
		return nil, err
	}
	if err := r.set.check(); err != nil {
		return nil, set.Wrong(err)
	}
	r.set.Default(set.Exposure)
	s, err := r.primary(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	version, err := s.one(ctx, "SELECT VERSION()")
	if err != nil {
		return nil, err
	}
	r.server = flavourOf(version)
	return r, r.choose()
}

// choose settles the mode.
func (r *Rotator) choose() error {
	s, can := &r.set, r.server
	if s.Mode == "" {
		switch {
		case len(s.Users) > 0:
			s.Mode = dbuser.Alternating
		case can.dual():
			s.Mode = dbuser.Dual
		default:
			return rotate.Refuse("name two users that take turns, as in `users: [app_a, app_b]`; or say `mode: single-user`, with a blip", "%s has one password for a user", can)
		}
	}
	switch {
	case s.Mode == dbuser.Dual && !can.dual():
		return rotate.Refuse("use `users: [app_a, app_b]`", "%s cannot retain a password beside another: MySQL can, from 8.0.14 on", can)
	case s.Mode == dbuser.Alternating && !can.locks():
		return rotate.Refuse("say `mode: single-user`", "%s cannot lock a user: MariaDB can from 10.4 on, MySQL from 5.7.6", can)
	}
	return nil
}

// flavour is which server it is.
type flavour struct {
	maria   bool
	version [3]int
	text    string
}

func flavourOf(version string) flavour {
	f := flavour{maria: strings.Contains(version, "MariaDB"), text: version}
	numbers, _, _ := strings.Cut(strings.TrimPrefix(version, "5.5.5-"), "-") // what MariaDB says to old replicas
	for i, n := range strings.SplitN(numbers, ".", 3) {
		f.version[i], _ = strconv.Atoi(n)
	}
	return f
}

func (f flavour) String() string {
	if f.maria {
		return "MariaDB " + strings.TrimSuffix(f.text, "-MariaDB")
	}
	return "MySQL " + f.text
}

func (f flavour) from(version ...int) bool { return slices.Compare(f.version[:], version) >= 0 }

func (f flavour) dual() bool { return !f.maria && f.from(8, 0, 14) }

func (f flavour) locks() bool {
	if f.maria {
		return f.from(10, 4, 2)
	}
	return f.from(5, 7, 6)
}

// Traits are what is true of the mode.
func (r *Rotator) Traits() rotate.Traits {
	t := rotate.Traits{Kind: "mysql", SeesNew: r.turns(), Chooser: rotate.Oakum, Parts: []string{rotate.Username, rotate.Password}, Overlap: true, Reversible: true,
		Risk: "programs that write down the user's name themselves go on with the old one: they have to read name and password from the same entry"}
	if r.server.maria {
		t.Proven = "MariaDB 10.11"
	}
	switch r.set.Mode {
	case dbuser.Dual:
		t.Reversible = false
		t.Risk = "the new password is in the statement that sets it, which the server keeps out of its logs unless it runs with --log-raw"
	case dbuser.Single:
		t.Overlap, t.Reversible = false, false
		t.Risk = "sessions that are open go on; a new one with the old password is refused"
	}
	return t
}

// Next makes up the new credential.
func (r *Rotator) Next(_ context.Context, old rotate.Credential, _ string) (rotate.Credential, error) {
	name, err := r.other(dbuser.Name(old))
	if err != nil {
		return nil, err
	}
	password, err := dbuser.Password()
	return dbuser.With(name, password), err
}

func (r *Rotator) turns() bool { return r.set.Mode == dbuser.Alternating }

// other is whose turn it is after a user.
func (r *Rotator) other(user string) (string, error) {
	if !r.turns() {
		return user, nil
	}
	return r.set.Users.Other(user)
}

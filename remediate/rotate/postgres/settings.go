package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// Settings are a PostgreSQL rotation's own, under `with`.
type Settings struct {
	dbuser.Settings `yaml:",inline"`
	SSLMode         string `yaml:"sslmode"` // verify-full (the default), verify-ca, require, disable
}

var sslModes = []string{"verify-full", "verify-ca", "require", "disable"}

func (s *Settings) check() error {
	if s.SSLMode == "" {
		s.SSLMode = sslModes[0]
	}
	if s.Mode == "" {
		s.Mode = dbuser.Alternating
	}
	switch {
	case !slices.Contains(sslModes, s.SSLMode):
		return fmt.Errorf("sslmode is one of %q", sslModes)
	case s.CA != "" && s.SSLMode != "verify-full" && s.SSLMode != "verify-ca":
		return fmt.Errorf("ca is for the sslmode verify-full or verify-ca: %s looks at no certificate", s.SSLMode)
	}
	return s.Check(dbuser.Alternating, dbuser.Single)
}

// Rotator rotates one entry's user. It connects anew for each thing it does.
type Rotator struct {
	set  Settings
	opt  dbuser.Options
	name string // that its sessions have, to tell them from the programs'
}

// New makes the rotator of an entry of the kind "postgres".
func New(_ context.Context, set rotate.Settings, opt dbuser.Options) (rotate.Rotator, error) {
	r := &Rotator{opt: opt}
	if err := set.Own(&r.set); err != nil {
		return nil, err
	}
	if err := r.set.check(); err != nil {
		return nil, set.Wrong(err)
	}
	r.set.Default(set.Exposure)
	r.name = sessionName()
	return r, nil
}

// Traits are what is true of the mode.
func (r *Rotator) Traits() rotate.Traits {
	t := rotate.Traits{Kind: "postgres", SeesNew: !r.single(), Chooser: rotate.Oakum, Parts: []string{rotate.Username, rotate.Password}, Overlap: true, Reversible: true,
		Proven: "PostgreSQL 15",
		Risk:   "programs that write down the user's name themselves go on with the old one: they have to read name and password from the same entry"}
	if r.single() {
		t.Overlap, t.Reversible = false, false
		t.Risk = "sessions that are open go on; a new one with the old password is refused"
	}
	return t
}

func (r *Rotator) single() bool { return r.set.Mode == dbuser.Single }

// Next makes up the new credential.
func (r *Rotator) Next(_ context.Context, old rotate.Credential, _ string) (rotate.Credential, error) {
	name, err := r.other(dbuser.Name(old))
	if err != nil {
		return nil, err
	}
	password, err := dbuser.Password()
	return dbuser.With(name, password), err
}

// other is whose turn it is after a user.
func (r *Rotator) other(user string) (string, error) {
	if r.single() {
		return user, nil
	}
	return r.set.Users.Other(user)
}

// password of a credential.
func password(c rotate.Credential) leak.Secret { return c[rotate.Password] }

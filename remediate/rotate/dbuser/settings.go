package dbuser

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// Settings are what the rotators of database users are told alike, under `with`.
type Settings struct {
	Server   `yaml:",inline"`
	Database string `yaml:"database"`
	CA       string `yaml:"ca"` // a file of certificates; by default the system's
	Admin    Login  `yaml:"admin"`
	Mode     Mode   `yaml:"mode"`
	Users    Pair   `yaml:"users"` // the two that take turns
	// Question is what the program asks, more or less: it is asked as the new user, in a
	// transaction that only reads.
	Question string `yaml:"check"`
	// Terminate ends the sessions of the old user when it is locked; by default where the
	// old password leaked in public.
	Terminate *bool `yaml:"terminate"`
	// Superuser says that the user may have rights on everything.
	Superuser bool `yaml:"superuser"`
}

// Check tells what is wrong with them, for a rotator that knows these modes.
func (s *Settings) Check(modes ...Mode) error {
	switch {
	case s.Database == "":
		return errors.New("database is lacking: the one that the program uses")
	case s.Mode != "" && !slices.Contains(modes, s.Mode):
		return fmt.Errorf("mode is one of %s", strings.Trim(fmt.Sprint(modes), "[]"))
	case len(s.Users) > 0 && s.Mode != "" && s.Mode != Alternating:
		return errors.New("users are for the mode alternating")
	}
	if err := errors.Join(s.Server.Check(), s.Admin.Check()); err != nil {
		return err
	}
	if len(s.Users) > 0 || s.Mode == Alternating {
		return s.Users.Check()
	}
	return nil
}

// Asked is what a new user is tried with.
func (s *Settings) Asked() string { return cmp.Or(s.Question, "SELECT 1") }

// Default fills in what was left out.
func (s *Settings) Default(e rotate.Exposure) {
	if s.Terminate == nil {
		public := e == rotate.Public
		s.Terminate = &public
	}
}

// Apart makes sure that what is retired is not what programs use.
func Apart(old, now rotate.Credential) error {
	if len(now) > 0 && Name(old) == Name(now) {
		return fmt.Errorf("%s is the user of the new credential too: it is not touched", Name(old))
	}
	return nil
}

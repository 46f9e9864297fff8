package dynamic

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/access"
	"github.com/oakum-sec/oakum/remediate/ref"
)

// Settings is dynamic.yaml: what a person decides. No value is in it.
type Settings struct {
	Version  int      `yaml:"version"`
	Vault    Vault    `yaml:"vault"`
	Database Database `yaml:"database"`
	// User is the one whose password is fixed, and leaked.
	User string `yaml:"user"`
	// Role is what programs ask for: MOUNT/creds/ROLE.
	Role Role `yaml:"role"`
	// Static are users that stay, and whose password Vault changes from then on.
	Static map[string]Static `yaml:"static_roles"`
	// Readers are the programs, by names that their policies and auth roles get.
	Readers map[string]Reader `yaml:"readers"`
	// RotateRoot has Vault change its own password to one that nobody else knows.
	RotateRoot bool `yaml:"rotate_root"`
	// Retire locks the old user.
	Retire bool `yaml:"retire"`
}

// Vault is where it is and how we log in there, as a reference has it (vaultlogin).
type Vault struct {
	Address   string `yaml:"address"` // "" is VAULT_ADDR
	Namespace string `yaml:"namespace"`
	Auth      string `yaml:"auth"` // "" is a token
	AuthMount string `yaml:"auth_mount"`
	AuthRole  string `yaml:"auth_role"`
	TokenFile string `yaml:"token_file"`
	Mount     string `yaml:"mount"`    // of the database engine; "" is database
	Audience  string `yaml:"audience"` // that readers' tokens of jwt and kubernetes are for; "" is vault
}

// The kinds of database, by the names that Vault's plugins have.
const (
	PostgreSQL = "postgresql"
	MySQL      = "mysql" // and MariaDB
)

// Database is the server, and who makes ready what Vault needs there.
type Database struct {
	Name     string `yaml:"name"`     // in Vault: MOUNT/config/NAME
	Kind     string `yaml:"kind"`     // PostgreSQL or MySQL
	Address  string `yaml:"address"`  // host:port, as we reach it
	Reached  string `yaml:"reached"`  // host:port as Vault reaches it; "" is the same
	Database string `yaml:"database"` // PostgreSQL: the one that the old user works in
	TLS      string `yaml:"tls"`      // "verify" (default) or "off"
	Admin    Admin  `yaml:"admin"`
	Manager  string `yaml:"manager"` // the user that Vault is given; "" is oakum_vault_NAME
	Group    string `yaml:"group"`   // PostgreSQL: the role that has what the old user could; "" is oakum_USER
}

// Admin is who may make users there. Vault is not told of it.
type Admin struct {
	User     string `yaml:"user"`
	Password string `yaml:"password"` // a reference
}

// Role is what Vault makes users of.
type Role struct {
	Name string        `yaml:"name"`
	TTL  time.Duration `yaml:"default_ttl"` // 0 is an hour
	Max  time.Duration `yaml:"max_ttl"`     // 0 is a day
}

// Static is a user whose password Vault changes.
type Static struct {
	User   string        `yaml:"user"`
	Period time.Duration `yaml:"rotation_period"` // 0 is a day
}

// Reader is a program that asks for a user, as one identity.
type Reader struct {
	As access.Identity `yaml:"as"`
	// Static is the static role that it reads in place of the role.
	Static string `yaml:"static"`
}

var (
	nameShape = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]*$`)
	// userShape are the names that stand in statements without anything to escape.
	userShape = regexp.MustCompile(`^[A-Za-z0-9_.@-]+$`)
)

// Read reads settings strictly.
func Read(text []byte) (*Settings, error) {
	var s Settings
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	if s.Version != 1 {
		return nil, fmt.Errorf("version %d; this oakum reads version: 1", s.Version)
	}
	s.complete()
	return &s, s.check()
}

// complete sets what was left out.
func (s *Settings) complete() {
	s.Vault.Mount = cmp.Or(strings.Trim(s.Vault.Mount, "/"), "database")
	s.Vault.Audience = cmp.Or(s.Vault.Audience, "vault")
	d := &s.Database
	d.Reached, d.TLS = cmp.Or(d.Reached, d.Address), cmp.Or(d.TLS, "verify")
	d.Manager, d.Group = cmp.Or(d.Manager, "oakum_vault_"+d.Name), cmp.Or(d.Group, "oakum_"+s.User)
	s.Role.TTL, s.Role.Max = cmp.Or(s.Role.TTL, time.Hour), cmp.Or(s.Role.Max, 24*time.Hour)
	for name, static := range s.Static {
		static.Period = cmp.Or(static.Period, 24*time.Hour)
		s.Static[name] = static
	}
}

func (s *Settings) check() error {
	d := s.Database
	errs := []error{shaped("database.name", d.Name, nameShape), shaped("role.name", s.Role.Name, nameShape), shaped("user", s.User, userShape),
		shaped("database.manager", d.Manager, userShape), shaped("database.admin.user", d.Admin.User, userShape), shaped("database.group", d.Group, userShape)}
	if d.Kind != PostgreSQL && d.Kind != MySQL {
		errs = append(errs, fmt.Errorf("database.kind %q: it is postgresql or mysql (which MariaDB is too)", d.Kind))
	}
	if d.Kind == PostgreSQL {
		errs = append(errs, shaped("database.database", d.Database, userShape))
	}
	for what, at := range map[string]string{"address": d.Address, "reached": d.Reached} {
		if _, _, err := net.SplitHostPort(at); err != nil || strings.ContainsAny(at, "{}/?@") {
			errs = append(errs, fmt.Errorf("database.%s %q: write HOST:PORT", what, at))
		}
	}
	if d.TLS != "verify" && d.TLS != "off" {
		errs = append(errs, fmt.Errorf("database.tls %q: it is verify or off", d.TLS))
	}
	if d.Admin.Password != "" {
		if _, err := ref.Parse(d.Admin.Password); err != nil {
			errs = append(errs, errors.New("database.admin.password: write a reference to it, such as ref+vault://secret/dba#/password; a password in a file is what this is against"))
		}
	}
	if s.User == d.Admin.User || s.User == d.Manager {
		errs = append(errs, fmt.Errorf("user %s: it is to be locked in the end, so it can be neither database.admin.user nor database.manager", s.User))
	}
	if s.Role.TTL < time.Second || s.Role.Max < s.Role.TTL {
		errs = append(errs, fmt.Errorf("role: default_ttl %s, max_ttl %s: the second is at least the first, and that a second", s.Role.TTL, s.Role.Max))
	}
	return errors.Join(append(errs, s.checkNames()...)...)
}

func (s *Settings) checkNames() (errs []error) {
	for _, name := range slices.Sorted(maps.Keys(s.Static)) {
		static := s.Static[name]
		errs = append(errs, shaped("static_roles", name, nameShape), shaped("static_roles."+name+".user", static.User, userShape))
		if static.User == s.User {
			errs = append(errs, fmt.Errorf("static_roles.%s: %s is replaced by the role %s, and cannot have both", name, s.User, s.Role.Name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Readers)) {
		if static := s.Readers[name].Static; static != "" && s.Static[static].User == "" {
			errs = append(errs, fmt.Errorf("readers.%s: static_roles has no %s", name, static))
		}
	}
	if len(s.Readers) > 0 {
		errs = append(errs, s.access().Complete())
	}
	return errs
}

func shaped(what, text string, shape *regexp.Regexp) error {
	if shape.MatchString(text) {
		return nil
	}
	if text == "" {
		return fmt.Errorf("%s is missing", what)
	}
	return fmt.Errorf("%s %q: letters, digits, _ and - alone", what, text)
}

// access describes the readers in the words of package access.
func (s *Settings) access() *access.Description {
	d := &access.Description{Version: 1, Vault: access.VaultServer{Audience: s.Vault.Audience}, Secrets: map[string]access.Secret{}, Readers: map[string]access.Reader{}}
	for name, r := range s.Readers {
		path := s.path(r)
		d.Secrets[path] = access.Secret{Store: ref.Vault, Engine: "database", Name: path}
		d.Readers[name] = access.Reader{Reads: []string{path}, As: r.As}
	}
	return d
}

// path is what a reader asks for.
func (s *Settings) path(r Reader) string {
	if r.Static != "" {
		return s.Vault.Mount + "/static-creds/" + r.Static
	}
	return s.Vault.Mount + "/creds/" + s.Role.Name
}

package remediate

import (
	"path"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// Draft is a Proposal as an entry of a file of rotations, as far as the plan knows it.
type Draft struct {
	Name    string            `yaml:"name"`
	Kind    string            `yaml:"kind"`
	Store   string            `yaml:"store"`
	Entry   string            `yaml:"entry,omitempty"`
	Entries map[string]string `yaml:"entries,omitempty"`
	Form    map[string]any    `yaml:"form,omitempty"`
	Scan    []string          `yaml:"scan,omitempty"`
	With    map[string]any    `yaml:"with,omitempty"`
}

// Draft drafts a proposal's entry. store is how its store is named where the entry is read.
func (p *Plan) Draft(one Proposal, store string) Draft {
	d := Draft{Name: one.Name, Kind: one.Kind, Store: store, Entry: p.Secrets[one.Secrets[0]].Name}
	fields := map[string]string{}
	for _, i := range one.Secrets {
		if s := p.Secrets[i]; s.Field != "" {
			fields[RotatedBy(s.Rule).Part] = s.Field
		}
	}
	if len(fields) > 0 {
		d.Form = map[string]any{"fields": fields}
	} else if one.Kind == awsKind {
		d.Entry, d.Entries = "", p.apart(one)
	}
	if databaseKinds[one.Kind] {
		login(&d, p.About(one), fields)
	}
	return d
}

var databaseKinds = map[string]bool{"postgres": true, "mysql": true}

// apart are the entries of an AWS key whose parts are apart. The part that the plan does
// not move has a name that is free yet, which the order tells.
func (p *Plan) apart(one Proposal) map[string]string {
	base := beside(p.Secrets[one.Secrets[0]])
	all := map[string]string{rotate.AccessKeyID: path.Join(base, rotate.AccessKeyID), rotate.SecretAccessKey: path.Join(base, rotate.SecretAccessKey)}
	for _, i := range one.Secrets {
		all[RotatedBy(p.Secrets[i].Rule).Part] = p.Secrets[i].Name
	}
	return all
}

// login puts what a connection's URL told into the draft of a database user's rotation.
// The user's name stays in the file, so it cannot change.
func login(d *Draft, about []string, fields map[string]string) {
	if len(fields) == 0 {
		fields[rotate.Password] = "."
	}
	d.Form, d.With = map[string]any{"fields": fields}, map[string]any{}
	if d.Kind == "postgres" { // MySQL can keep two passwords of a user
		d.With["mode"] = "single-user"
	}
	for _, n := range about {
		what, value, _ := strings.Cut(n, " ")
		switch what {
		case "user":
			d.Form["fixed"] = map[string]string{rotate.Username: value}
		case "host":
			d.With["addresses"] = []string{value}
		case "database":
			d.With["database"] = value
		}
	}
}

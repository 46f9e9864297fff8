// Package sshkey rotates the key by which a program logs in at some hosts: the new public
// key is put beside the old one in authorized_keys, with the same options, and the old
// one is taken out when everything has the new key.
//
// Its promises: hosts are known beforehand (known_hosts), others are refused. A file is
// changed only as it was read, whole or not at all, and no line but the key's is. The old
// key is taken out only where the new one is let in.
//
// Its limits: who logs in with the old key is not asked. A key that a host learns from
// elsewhere (AuthorizedKeysCommand, a directory, a second file) is not found, and then
// refused. With the old key alone (no admin) it cannot be deactivated, only taken out:
// nobody could get in to take that back. The user needs a shell, as POSIX has it.
package sshkey

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Kind is the rotator's in settings.
const Kind = "ssh-key"

// Settings are the rotator's own.
type Settings struct {
	User       string   `yaml:"user"`
	Hosts      []string `yaml:"hosts"`       // host or host:port: all that let the key in
	KnownHosts string   `yaml:"known_hosts"` // a file; "" is ~/.ssh/known_hosts
	File       string   `yaml:"file"`        // authorized_keys by its absolute path; "" is the user's own
	Admin      struct {
		User string              `yaml:"user"` // "" is the same user
		Key  consumer.Credential `yaml:"key"`  // env:NAME or a reference
	} `yaml:"admin"` // who changes the file; nobody: the key itself does
}

// Rotator rotates one user's key.
type Rotator struct {
	set   Settings
	admin ssh.Signer // nil: none
	known ssh.HostKeyCallback
	hook  func() error // before and after each thing that is done at a host; for tests
}

// New is the rotator that an entry of the settings asks for.
func New(ctx context.Context, s rotate.Settings, o consumer.Options) (*Rotator, error) {
	var own Settings
	if err := s.Own(&own); err != nil {
		return nil, err
	}
	if own.Admin.Key.IsZero() {
		return With(own, leak.Secret{})
	}
	key, err := own.Admin.Key.Value(ctx, o)
	if err != nil {
		return nil, err
	}
	return With(own, key)
}

var (
	userName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	pathName = regexp.MustCompile(`^/[A-Za-z0-9_./@+-]+$`) // nothing that a shell takes for its own
)

// With is the rotator that works with an admin's key, or without one.
func With(own Settings, admin leak.Secret) (*Rotator, error) {
	if own.Admin.User == "" {
		own.Admin.User = own.User
	}
	switch {
	case !userName.MatchString(own.User) || !userName.MatchString(own.Admin.User) || len(own.Hosts) == 0:
		return nil, errors.New("say where the key lets whom in: `with: {user: deploy, hosts: [app1.internal, app2.internal:2222]}`")
	case own.File != "" && !pathName.MatchString(own.File):
		return nil, errors.New("`file` is an absolute path of letters, digits and ._@+-")
	}
	for i, h := range own.Hosts {
		if _, _, err := net.SplitHostPort(h); err != nil {
			own.Hosts[i] = net.JoinHostPort(strings.Trim(h, "[]"), "22")
		}
	}
	if own.KnownHosts == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("find known_hosts: %w (write `known_hosts`)", err)
		}
		own.KnownHosts = filepath.Join(home, ".ssh", "known_hosts")
	}
	r := &Rotator{set: own, hook: func() error { return nil }}
	var err error
	if r.known, err = knownhosts.New(own.KnownHosts); err != nil {
		return nil, fmt.Errorf("read the hosts that are known: %w", err)
	}
	if !admin.IsZero() {
		if r.admin, err = signer(admin); err != nil {
			return nil, fmt.Errorf("the admin's key: %w", err)
		}
	}
	return r, nil
}

// signer reads a private key. Its errors quote nothing of it.
func signer(key leak.Secret) (ssh.Signer, error) {
	s, err := ssh.ParsePrivateKey([]byte(store.Plain(key)))
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, rotate.Refuse("what has no person at it cannot use such a key; rotate it by hand (ssh-keygen, ssh-copy-id)", "the key has a passphrase")
	}
	if err != nil {
		return nil, errors.New("it is no private key that ssh reads (a PEM, as ssh-keygen writes it)")
	}
	return s, nil
}

// Traits are the kind's.
func (r *Rotator) Traits() rotate.Traits {
	return rotate.Traits{Kind: Kind, Chooser: rotate.Oakum, Parts: []string{rotate.PrivateKey}, Overlap: true, Reversible: r.admin != nil,
		Risk: "a host that is not in the list keeps the old key, and does not let the new one in"}
}

// Next makes an Ed25519 key, whatever the old one was.
func (r *Rotator) Next(_ context.Context, _ rotate.Credential, op string) (rotate.Credential, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(key, "oakum "+op)
	if err != nil {
		return nil, err
	}
	return rotate.Credential{rotate.PrivateKey: leak.NewSecret(pem.EncodeToMemory(block))}, nil
}

// Inspect refuses a key that a host does not have in the file, and one whose line does
// more than let it in.
func (r *Rotator) Inspect(ctx context.Context, old rotate.Credential) (rotate.Subject, error) {
	none := rotate.Subject{}
	key, err := signer(old[rotate.PrivateKey])
	if err != nil {
		return none, err
	}
	if r.admin != nil && same(r.admin.PublicKey(), key.PublicKey()) {
		return none, rotate.Refuse("name another key under `admin`, or none", "the admin's key is the very key that is to go")
	}
	s := rotate.Subject{ID: ssh.FingerprintSHA256(key.PublicKey()), Owner: r.set.User + " at " + strings.Join(r.set.Hosts, ", "), Status: rotate.Inactive}
	for _, host := range r.set.Hosts {
		text, err := r.look(ctx, host, old, nil)
		if err != nil {
			return none, err
		}
		lines := linesOf(text, key.PublicKey())
		if len(lines) == 0 {
			return none, rotate.Refuse("take the host out of the list, or find where it knows the key from (sshd_config: AuthorizedKeysFile, AuthorizedKeysCommand; `file` names another file)", "authorized_keys of %s at %s does not have the key %s", r.set.User, host, s.ID)
		}
		for _, l := range lines {
			if l.authority {
				return none, rotate.Refuse("rotate a certificate authority by hand: all that it signed has to be signed again", "the key %s is a certificate authority at %s", s.ID, host)
			}
			if !l.off {
				s.Status = rotate.Live
			}
		}
	}
	if r.admin == nil {
		s.Notes = append(s.Notes, "no admin is named: the key changes its own file, and the old one cannot be deactivated for a time, only taken out")
	}
	return s, nil
}

// Provision puts the new key beside the old one.
func (r *Rotator) Provision(ctx context.Context, p rotate.Provision) (rotate.Credential, error) {
	old, now, err := both(p.Old, p.New)
	if err != nil {
		return nil, err
	}
	return p.New, r.everywhere(ctx, p.Old, nil, func(text string) (string, error) { return beside(text, old, now) })
}

// Verify logs in at every host.
func (r *Rotator) Verify(ctx context.Context, c rotate.Credential) error {
	key, err := signer(c[rotate.PrivateKey])
	if err != nil {
		return err
	}
	for _, host := range r.set.Hosts {
		client, err := r.login(ctx, host, r.set.User, key)
		if errors.Is(err, errRefused) {
			return fmt.Errorf("%w: %w", err, rotate.ErrNotYet)
		}
		if err != nil {
			return err
		}
		client.Close()
	}
	return nil
}

// Status looks into the files. The old key is used for that only where there is no admin.
func (r *Rotator) Status(ctx context.Context, old rotate.Credential) (rotate.Status, error) {
	key, err := signer(old[rotate.PrivateKey])
	if err != nil {
		return rotate.Unknown, err
	}
	status := rotate.Gone
	for _, host := range r.set.Hosts {
		text, err := r.look(ctx, host, old, nil)
		if r.admin == nil && errors.Is(err, errRefused) {
			continue
		}
		if err != nil {
			return rotate.Unknown, err
		}
		for _, l := range linesOf(text, key.PublicKey()) {
			if !l.off {
				return rotate.Live, nil
			}
			status = rotate.Inactive
		}
	}
	return status, nil
}

// Uses are not asked for; the package says why.
func (r *Rotator) Uses(context.Context, rotate.Credential, time.Time) ([]rotate.Use, error) {
	return nil, nil
}

// Deactivate makes the old key's line a comment.
func (r *Rotator) Deactivate(ctx context.Context, old, now rotate.Credential) error {
	if r.admin == nil {
		return errors.New("nobody could take that back: no admin is named")
	}
	return r.end(ctx, old, now, turnOff)
}

// Reactivate takes Deactivate back.
func (r *Rotator) Reactivate(ctx context.Context, old rotate.Credential) error {
	key, err := signer(old[rotate.PrivateKey])
	if err != nil {
		return err
	}
	return r.everywhere(ctx, old, nil, func(text string) (string, error) { return turnOn(text, key.PublicKey()), nil })
}

// Delete takes the old key's line out.
func (r *Rotator) Delete(ctx context.Context, old, now rotate.Credential) error {
	return r.end(ctx, old, now, takeOut)
}

// end changes the old key's line, where the new one is let in.
func (r *Rotator) end(ctx context.Context, old, now rotate.Credential, change func(string, ssh.PublicKey) string) error {
	if len(now) == 0 {
		key, err := signer(old[rotate.PrivateKey])
		if err != nil {
			return err
		}
		return r.everywhere(ctx, old, nil, func(text string) (string, error) { return change(text, key.PublicKey()), nil })
	}
	key, fresh, err := both(old, now)
	if err != nil {
		return err
	}
	return r.everywhere(ctx, old, now, func(text string) (string, error) {
		if !lives(text, fresh) {
			return "", errors.New("the new key is not let in: the old one stays")
		}
		return change(text, key), nil
	})
}

// Withdraw takes the new key out, where the old one is there still.
func (r *Rotator) Withdraw(ctx context.Context, p rotate.Provision) error {
	if len(p.New) == 0 {
		return nil
	}
	old, now, err := both(p.Old, p.New)
	if err != nil {
		return err
	}
	return r.everywhere(ctx, p.Old, nil, func(text string) (string, error) {
		if len(linesOf(text, old)) == 0 {
			return "", errors.New("the old key is not there: the new one stays")
		}
		return takeOut(text, now), nil
	})
}

// both are the public keys of two credentials, which must differ.
func both(old, now rotate.Credential) (ssh.PublicKey, ssh.PublicKey, error) {
	a, err := signer(old[rotate.PrivateKey])
	if err != nil {
		return nil, nil, fmt.Errorf("the old key: %w", err)
	}
	b, err := signer(now[rotate.PrivateKey])
	if err != nil {
		return nil, nil, fmt.Errorf("the new key: %w", err)
	}
	if same(a.PublicKey(), b.PublicKey()) {
		return nil, nil, errors.New("the old key is the new one: nothing is done to it")
	}
	return a.PublicKey(), b.PublicKey(), nil
}

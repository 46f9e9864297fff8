package sshkey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

// errRefused is that a host does not let a key in.
var errRefused = errors.New("the host does not let the key in")

// within is how long a host has for a login, and for a command.
const within = 30 * time.Second

// login comes in as a user.
func (r *Rotator) login(ctx context.Context, host, user string, key ssh.Signer) (*ssh.Client, error) {
	if err := r.hook(); err != nil {
		return nil, fmt.Errorf("log in at %s: %w", host, err)
	}
	conn, err := (&net.Dialer{Timeout: within}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", host, err)
	}
	conn.SetDeadline(time.Now().Add(2 * within))
	c, news, requests, err := ssh.NewClientConn(conn, host, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: r.known, HostKeyAlgorithms: r.algorithms(host, conn.RemoteAddr()),
	})
	if err == nil {
		return ssh.NewClient(c, news, requests), nil
	}
	conn.Close()
	if _, unknown := errors.AsType[*knownhosts.KeyError](err); unknown {
		return nil, rotate.Refuse("look at its key, and put it there (ssh-keyscan, compared with the host's own)", "the key of %s is not the one in %s", host, r.set.KnownHosts)
	}
	if strings.Contains(err.Error(), "unable to authenticate") { // there is no type for it
		return nil, fmt.Errorf("log in at %s as %s with %s: %w", host, user, ssh.FingerprintSHA256(key.PublicKey()), errRefused)
	}
	return nil, fmt.Errorf("log in at %s as %s: %w", host, user, err)
}

// algorithms are those of the keys that are known of a host; another one of its keys
// would be taken for a wrong one.
func (r *Rotator) algorithms(host string, at net.Addr) (all []string) {
	known, ok := errors.AsType[*knownhosts.KeyError](r.known(host, at, nobodys{}))
	if !ok {
		return nil
	}
	for _, k := range known.Want {
		switch t := k.Key.Type(); t {
		case ssh.KeyAlgoRSA:
			all = append(all, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
		default:
			all = append(all, t)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// nobodys is a key that no host has.
type nobodys struct{}

func (nobodys) Type() string                        { return "none" }
func (nobodys) Marshal() []byte                     { return []byte("none") }
func (nobodys) Verify([]byte, *ssh.Signature) error { return errors.New("nobody's key") }

// enter comes in as who may change the file: the admin, or the new key, or the old one.
func (r *Rotator) enter(ctx context.Context, host string, old, now rotate.Credential) (*ssh.Client, error) {
	if r.admin != nil {
		return r.login(ctx, host, r.set.Admin.User, r.admin)
	}
	c := old
	if len(now) > 0 {
		c = now
	}
	key, err := signer(c[rotate.PrivateKey])
	if err != nil {
		return nil, err
	}
	return r.login(ctx, host, r.set.User, key)
}

// file is the file as a shell finds it.
func (r *Rotator) file() string {
	if r.set.File != "" {
		return r.set.File
	}
	return "~" + r.set.User + "/.ssh/authorized_keys"
}

// look reads a host's file.
func (r *Rotator) look(ctx context.Context, host string, old, now rotate.Credential) (string, error) {
	c, err := r.enter(ctx, host, old, now)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return r.run(c, host, "cat "+r.file(), "")
}

// everywhere changes the file at each host, as it was read.
func (r *Rotator) everywhere(ctx context.Context, old, now rotate.Credential, change func(string) (string, error)) error {
	for _, host := range r.set.Hosts {
		if err := r.at(ctx, host, old, now, change); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rotator) at(ctx context.Context, host string, old, now rotate.Credential, change func(string) (string, error)) error {
	c, err := r.enter(ctx, host, old, now)
	if err != nil {
		return err
	}
	defer c.Close()
	text, err := r.run(c, host, "cat "+r.file(), "")
	if err != nil {
		return err
	}
	want, err := change(text)
	switch {
	case err != nil:
		return fmt.Errorf("change authorized_keys of %s at %s: %w", r.set.User, host, err)
	case want == text:
		return nil
	}
	_, err = r.run(c, host, r.put(text, want), want)
	return err
}

// put is the command that puts its input in the file's place: whole, or not at all, with
// the file's owner and rights, and only where the file is still what was read. Sums are
// POSIX's, which every host has.
func (r *Rotator) put(was, want string) string {
	return fmt.Sprintf(`set -e; f=$(readlink -f %s); t="$f.oakum.$$"; trap "rm -f $t" EXIT; cp -p "$f" "$t"; cat > "$t"; `+
		`if [ "$(cksum < "$t")" != "%s" ]; then echo the text did not come whole >&2; exit 74; fi; sync "$t" 2> /dev/null || sync; `+
		`if [ "$(cksum < "$f")" != "%s" ]; then echo somebody else changed the file meanwhile: resume >&2; exit 75; fi; mv -f "$t" "$f"`, r.file(), cksum(want), cksum(was))
}

// run has a POSIX shell run a command, and gives what it prints.
func (r *Rotator) run(c *ssh.Client, host, command, input string) (string, error) {
	if err := r.hook(); err != nil {
		return "", fmt.Errorf("ask %s: %w", host, err)
	}
	s, err := c.NewSession()
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", host, err)
	}
	defer s.Close()
	var out, said bytes.Buffer
	s.Stdout, s.Stderr, s.Stdin = &out, &said, strings.NewReader(input)
	if err := s.Run("exec sh -c '" + command + "'"); err != nil {
		return "", fmt.Errorf("ask %s: %w: %s", host, err, strings.TrimSpace(said.String()))
	}
	if err := r.hook(); err != nil {
		return "", fmt.Errorf("ask %s: %w", host, err)
	}
	return out.String(), nil
}

// cksum is what the program of that name prints
// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/cksum.html).
func cksum(text string) string {
	sum := uint32(0)
	add := func(b byte) {
		sum ^= uint32(b) << 24
		for range 8 {
			top := sum >> 31
			sum = sum<<1 ^ top*0x04c11db7
		}
	}
	for i := range len(text) {
		add(text[i])
	}
	for n := len(text); n > 0; n >>= 8 {
		add(byte(n))
	}
	return fmt.Sprintf("%d %d", ^sum, len(text))
}

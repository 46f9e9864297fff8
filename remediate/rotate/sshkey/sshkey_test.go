package sshkey

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/killtest"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/rotatetest"
	"github.com/oakum-sec/oakum/remediate/store"
)

// hosts are two servers of one user.
type hosts struct {
	all   []*realtest.SSH
	known string
	admin rotate.Credential
}

func start(t testing.TB) *hosts {
	t.Helper()
	h := &hosts{admin: fresh(t)}
	var lines []string
	for range 2 {
		s := realtest.StartSSH(t)
		h.all, lines = append(h.all, s), append(lines, s.Host)
	}
	h.known = filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(h.known, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

func fresh(t testing.TB) rotate.Credential {
	t.Helper()
	c, err := (&Rotator{}).Next(context.Background(), nil, "test")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// public is a key's line, without options.
func public(t testing.TB, c rotate.Credential) string {
	t.Helper()
	s, err := signer(c[rotate.PrivateKey])
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

// rotator is that of one host, whose file is its own.
func (h *hosts) rotator(t testing.TB, i int, admin leak.Secret) *Rotator {
	t.Helper()
	s := h.all[i]
	r, err := With(Settings{User: s.User, Hosts: []string{s.Address}, KnownHosts: h.known, File: s.File}, admin)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lets tells whether a host lets a key in, by OpenSSH's own client.
func (h *hosts) lets(t testing.TB, i int, c rotate.Credential) bool {
	t.Helper()
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(store.Plain(c[rotate.PrivateKey])), 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(h.all[i].Address, ":")
	out, err := exec.Command("ssh", "-F", "none", "-i", file, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "BatchMode=yes", "-o", "UserKnownHostsFile="+h.known, "-p", port, h.all[i].User+"@"+host, "true").CombinedOutput()
	if err != nil && !strings.Contains(string(out), "Permission denied") {
		t.Fatalf("ssh: %v: %s", err, out)
	}
	return err == nil
}

// scene puts the old key, and what else the file has, to the beginning.
func (h *hosts) scene(t testing.TB, admin bool, hook func() error) *rotatetest.Scene {
	old, s := fresh(t), h.all[0]
	s.Authorize(t, "# who may deploy", public(t, h.admin)+" admin", `no-pty,environment="A=b c" `+public(t, old)+" deploy@ci")
	key := leak.Secret{}
	if admin {
		key = h.admin[rotate.PrivateKey]
	}
	r := h.rotator(t, 0, key)
	plain := h.rotator(t, 0, key)
	r.hook = hook
	return &rotatetest.Scene{Rotator: r, Old: old,
		Works: func(c rotate.Credential) (bool, error) {
			err := plain.Verify(t.Context(), c)
			if errors.Is(err, rotate.ErrNotYet) {
				return false, nil
			}
			return err == nil, err
		},
		Count: func() (int, error) {
			text, err := os.ReadFile(s.File)
			n := -1 // the admin's
			for l := range strings.Lines(string(text)) {
				if p, ok := parse(strings.TrimSpace(l)); ok && !p.off {
					n++
				}
			}
			return n, err
		}}
}

func TestRotator(t *testing.T) {
	h := start(t)
	for name, admin := range map[string]bool{"by an admin": true, "by itself": false} {
		t.Run(name, func(t *testing.T) {
			if !admin && !killtest.All() {
				t.Skip("OAKUM_KILL=all asks it; TestTwoHosts has its whole way")
			}
			rotatetest.Run(t, rotatetest.Suite{Kills: 4, Modes: 23, Every: 150, Begin: func(t testing.TB, hook func() error) *rotatetest.Scene {
				return h.scene(t, admin, hook)
			}})
		})
	}
}

// TestTwoHosts goes the whole way with the key alone, as OpenSSH's own client sees it:
// other lines and options stay, and a host whose key is another one is refused.
func TestTwoHosts(t *testing.T) {
	h := start(t)
	old, now := fresh(t), fresh(t)
	for _, s := range h.all {
		s.Authorize(t, "# who may deploy", public(t, h.admin)+" admin", `no-pty `+public(t, old)+" deploy@ci")
	}
	set := Settings{User: h.all[0].User, KnownHosts: h.known}
	for i := range h.all {
		set.Hosts, set.File = []string{h.all[i].Address}, h.all[i].File
		r, err := With(set, leak.Secret{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Provision(t.Context(), rotate.Provision{Old: old, New: now}); err != nil {
			t.Fatal(err)
		}
		if !h.lets(t, i, old) || !h.lets(t, i, now) {
			t.Error("both keys are not let in")
		}
		if err := r.Delete(t.Context(), old, now); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(h.all[i].File)
		if want := "# who may deploy\n" + public(t, h.admin) + " admin\nno-pty " + public(t, now) + " deploy@ci\n"; err != nil || string(text) != want {
			t.Errorf("the file is %q, %v", text, err)
		}
		if h.lets(t, i, old) || !h.lets(t, i, now) {
			t.Error("the old key is let in, or the new one is not")
		}
	}
	wrong := strings.Replace(h.all[0].Host, strings.Fields(h.all[0].Host)[2], strings.Fields(public(t, old))[1], 1)
	if err := os.WriteFile(h.known, []byte(wrong+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := h.rotator(t, 0, leak.Secret{}).Verify(t.Context(), now)
	if _, ok := errors.AsType[*rotate.Refusal](err); !ok {
		t.Errorf("a host with another key: %v", err)
	}
}

// Package civar writes a new credential into the variables and secrets that CI systems
// hold: GitHub's secrets and variables, GitLab's variables, Azure DevOps' variable
// groups.
//
// What stays as it is: who may see a secret, GitLab's scope and flags, all other
// variables of a group. What is not there is not made: a name that nothing has is a
// mistake in the configuration.
//
// Its limits: secrets cannot be read, and none of these systems has a compare-and-set.
// So a secret counts as written where this process wrote it and it was not written
// since; a new process writes it again, to the same value. Where somebody else has
// written it between our first look and our write, that is an error, as far as times of
// change (GitHub, Azure DevOps) tell; between the last look and the write nobody tells.
package civar

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// platform is what the kinds of this package have in common: how they are asked.
type platform struct {
	o      consumer.Options
	token  consumer.Credential
	rest   rest.Options
	lock   sync.Mutex
	client *rest.Client
}

func (p *platform) api() (*rest.Client, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.client != nil {
		return p.client, nil
	}
	if p.rest.Token == nil {
		p.rest.Token = func(ctx context.Context) (leak.Secret, error) { return p.token.Value(ctx, p.o) }
	}
	p.rest.Pause, p.rest.Transport = p.o.Pause, p.o.Transport
	c, err := rest.New(p.rest)
	p.client = c
	return c, err
}

func (p *platform) call(ctx context.Context, c rest.Call) (rest.Answer, error) {
	api, err := p.api()
	if err != nil {
		return rest.Answer{}, err
	}
	return api.Do(ctx, c)
}

// get reads something; what is not there is an ErrUnfit that says what.
func (p *platform) get(ctx context.Context, what, path string, into any) error {
	_, err := p.call(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: into})
	if rest.StatusOf(err) == http.StatusNotFound {
		return fmt.Errorf("%w: %s is not there, or the token may not see it", consumer.ErrUnfit, what)
	}
	return err
}

// lives tells whether there is something at a path.
func (p *platform) lives(ctx context.Context, path string, also ...int) (bool, error) {
	_, err := p.call(ctx, rest.Call{Method: http.MethodGet, Path: path})
	status := rest.StatusOf(err)
	for _, s := range also {
		if status == s {
			return true, nil
		}
	}
	if status == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// memory is what this process knows of a value that cannot be read: the mark (a time of
// change) that the platform showed when it was looked at first, and after each write.
type memory struct {
	lock sync.Mutex
	seen string
	did  map[string]string
}

// look notes a mark, and tells whether it is that of what was written for id.
func (m *memory) look(id, mark string) bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.seen == "" {
		m.seen = mark
	}
	return mark != "" && m.did[id] == mark
}

// moved tells whether the mark is another than what was seen last. It tells so once:
// who tries again has been told.
func (m *memory) moved(mark string) bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	was := m.seen
	m.seen = mark
	return was != "" && was != mark
}

// wrote notes what the platform shows after a write for id.
func (m *memory) wrote(id, mark string) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.seen, m.did = mark, map[string]string{id: mark}
}

func changed(what string) error {
	return fmt.Errorf("%w: %s was set between our look and our change; look who set it, then resume", consumer.ErrChanged, what)
}

// hide are all values that an answer may quote.
func hide(u consumer.Update, shape consumer.Shape) []leak.Secret {
	all := u.Secrets()
	for _, fields := range []map[string]leak.Secret{u.New, u.Old} {
		if v, err := shape.Of(fields); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// writer is what each kind does in its own way.
type writer interface {
	String() string
	// write brings the variable to u.New, under an id.
	write(ctx context.Context, u consumer.Update, id string) error
}

func do(ctx context.Context, w writer, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return w.write(ctx, u, u.Op)
}

func undo(ctx context.Context, w writer, u consumer.Update) error {
	back, err := u.Back()
	if err != nil {
		return fmt.Errorf("%s: %w", w, err)
	}
	return w.write(ctx, back, consumer.UndoOp(u.Op))
}

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	pathSegment  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// segments refuses names that would lead to another path.
func segments(what, name string, least, most int) error {
	all := strings.Split(name, "/")
	if len(all) < least || len(all) > most {
		return fmt.Errorf("%s: %q is not written as it should be", what, name)
	}
	for _, s := range all {
		if !pathSegment.MatchString(s) || strings.Trim(s, ".") == "" {
			return fmt.Errorf("%s: %q is no name", what, name)
		}
	}
	return nil
}

func variable(what, name string) error {
	if !variableName.MatchString(name) {
		return errors.New(what + ": name it, in letters, digits and _")
	}
	return nil
}

// atMost is how many repositories or projects are looked at for what hides an
// organization's secret: each is one request, of which GitHub allows 5,000 in an hour.
const atMost = 200

// Package amazon tells what runs in AWS that a credential has changed: it deploys an ECS
// service anew, and changes the environment variables of a Lambda function or of a
// CodeBuild project.
//
// What AWS offers against another writer is used: a function's RevisionId. What it does
// not (a service's deployment, a project's environment) is looked at right before and
// right after. Calls are made once each; where AWS is busy or an answer is lost the
// whole step begins with its look again.
//
// Its limits: a service that CodeDeploy or an external controller deploys is refused;
// published versions of a function and old revisions of a task definition keep what
// they hold until somebody deletes them.
package amazon

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/scrub"
	"github.com/oakum-sec/oakum/remediate/store"
)

// Where says in which account and region, and as whom. Every kind of consumer has these
// keys.
type Where struct {
	Region  string          `yaml:"region"`  // "": the environment's
	Profile string          `yaml:"profile"` // of the shared configuration
	Role    string          `yaml:"role"`    // the ARN of one to assume
	Within  consumer.Within `yaml:"within"`
}

// account is who asks, found when the first call is made.
type account struct {
	where  Where
	o      consumer.Options
	config *aws.Config // nil until then
	lock   sync.Mutex
}

func (a *account) open(ctx context.Context) (aws.Config, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.config == nil {
		query := url.Values{}
		for k, v := range map[string]string{"region": a.where.Region, "profile": a.where.Profile, "role": a.where.Role} {
			if v != "" {
				query.Set(k, v)
			}
		}
		c, err := awscall.Load(ctx, query)
		if err != nil {
			return aws.Config{}, err
		}
		a.config = &c
	}
	return *a.config, nil
}

// callError is an answer of AWS's.
type callError struct {
	action string // IAM's name of it
	err    error
}

func (e *callError) Error() string { return e.action + ": " + e.err.Error() }
func (e *callError) Unwrap() error { return e.err }

// call marks an answer of AWS's.
func call(action string, err error) error {
	if err == nil {
		return nil
	}
	return &callError{action, err}
}

// code is AWS's own name of an error.
func code(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// errAgain is that a step has to look once more, for somebody else was faster.
var errAgain = errors.New("it is changed all the time by somebody else")

// attempts bounds how often a step begins anew: with waits that double from half a second
// it is a minute in all.
const attempts = 8

// settle makes a step that begins with a look, until it ends or AWS refuses it. What it
// returns holds none of the values.
func (a *account) settle(ctx context.Context, what string, hide []leak.Secret, step func() error) error {
	for try := 1; ; try++ {
		err := step()
		answer, answered := errors.AsType[*callError](err)
		busy := errors.Is(err, errAgain)
		if answered {
			c := store.CodeOf(awscall.Failed(answer.err))
			if busy = c.Retryable(); !busy || try == attempts {
				return a.told(what, answer, c, hide)
			}
		}
		if !busy || try == attempts {
			return err
		}
		if werr := a.o.Wait(ctx, 500*time.Millisecond<<(try-1)); werr != nil {
			return werr
		}
	}
}

func (a *account) told(what string, e *callError, c store.Code, hide []leak.Secret) error {
	switch c {
	case store.PermissionDenied:
		return fmt.Errorf("%s: the credentials may not: a policy has to allow %s", what, e.action)
	case store.NotFound:
		return fmt.Errorf("%w: %s: AWS knows none of this name in this region", consumer.ErrUnfit, what)
	case store.Canceled:
		return fmt.Errorf("%s: %w", what, context.Canceled)
	}
	return fmt.Errorf("%s: AWS does not do %s: %s (%s)", what, e.action, scrub.Text(last(e.err), hide...), c)
}

// last is the innermost error's words, without the SDK's names for it.
func last(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// changes are the variables that are to change, of those that something has. A variable
// that is not there, or that holds something else than the old value, is an error.
func changes(what string, has map[string]string, shapes map[string]consumer.Shape, u consumer.Update) (set map[string]string, err error) {
	set = map[string]string{}
	for name, shape := range shapes {
		value, there := has[name]
		if !there {
			return nil, fmt.Errorf("%w: %s has no variable %s", consumer.ErrUnfit, what, name)
		}
		want, from, err := shape.Both(u)
		if err != nil {
			return nil, fmt.Errorf("variables.%s: %w", name, err)
		}
		done, err := consumer.Standing(what+", variable "+name+",", leak.NewSecret([]byte(value)), want, from)
		if err != nil {
			return nil, err
		}
		if !done {
			set[name] = store.Plain(want)
		}
	}
	return set, nil
}

// hold tells whether variables hold what they should.
func hold(has map[string]string, shapes map[string]consumer.Shape, fields map[string]leak.Secret) (bool, error) {
	for name, shape := range shapes {
		want, err := shape.Of(fields)
		if err != nil {
			return false, fmt.Errorf("variables.%s: %w", name, err)
		}
		if !leak.NewSecret([]byte(has[name])).Equal(want) {
			return false, nil
		}
	}
	return true, nil
}

// all are the update's values and what the shapes make of them.
func all(u consumer.Update, shapes map[string]consumer.Shape) []leak.Secret {
	hide := u.Secrets()
	for _, s := range shapes {
		for _, fields := range []map[string]leak.Secret{u.New, u.Old} {
			if v, err := s.Of(fields); err == nil {
				hide = append(hide, v)
			}
		}
	}
	return hide
}

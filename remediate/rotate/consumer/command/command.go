// Package command tells a consumer that nothing else reaches of a new credential, by a
// command of the user's own: a restart over ssh, a script that deploys, a call of a tool.
//
// The command is an array of words, run as it stands, without a shell. It comes from the
// user's configuration alone; a plan holds no command. No value is among its words or
// variables: where it needs the credential, it reads a JSON object from its standard
// input. What it prints is told where it fails, without the values.
//
// Its limits: whether a restart twice is a restart once, the command's author knows.
// Without a check that looks, a command counts as done where this process ran it and it
// ended with 0; a new process runs it again. Where the time is over the program is
// killed; programs that it started, and that hold its output, are waited for five
// seconds longer.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/scrub"
	"github.com/oakum-sec/oakum/remediate/store"
)

// command is a consumer that is one.
type command struct {
	name             string
	run, check, undo words
	stdin            map[string]consumer.Shape
	dir              string
	within           time.Duration
	lock             sync.Mutex
	did              string // the id that it was run for last
}

// words are a command. "same" in undo is the command itself.
type words []string

// UnmarshalYAML refuses a text, which a shell would take apart.
func (w *words) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Value == "same" {
		*w = words{"same"}
		return nil
	}
	var list []string
	if n.Kind != yaml.SequenceNode || n.Decode(&list) != nil || len(list) == 0 || list[0] == "" {
		return fmt.Errorf("line %d: a command is a list of words, as in [systemctl, restart, orders]; there is no shell", n.Line)
	}
	*w = list
	return nil
}

// Parse reads
//
//	kind: command
//	name: orders on the old machines
//	run: [ssh, deploy@old.internal, systemctl, restart, orders]
//	check: [./is-fresh]      # optional: 0 is done, 1 is not, anything else a failure
//	undo: same               # or a command; none: there is no way back
//	stdin:                   # optional: a JSON object on the standard input of run and undo
//	  password: password
//	dir: ops                 # where it runs
//	within: 10m
func Parse(n *yaml.Node, _ consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Name   string                    `yaml:"name"`
		Run    words                     `yaml:"run"`
		Check  words                     `yaml:"check"`
		Undo   words                     `yaml:"undo"`
		Stdin  map[string]consumer.Shape `yaml:"stdin"`
		Dir    string                    `yaml:"dir"`
		Within consumer.Within           `yaml:"within"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	same := func(w words) bool { return len(w) == 1 && w[0] == "same" }
	if len(s.Run) == 0 || same(s.Run) || same(s.Check) {
		return nil, errors.New("run: write the command as a list of words")
	}
	if same(s.Undo) {
		s.Undo = s.Run
	}
	if s.Name == "" {
		s.Name = strings.Join(s.Run, " ")
	}
	return &command{name: s.Name, run: s.Run, check: s.Check, undo: s.Undo, stdin: s.Stdin, dir: s.Dir, within: s.Within.Or(10 * time.Minute)}, nil
}

// attempt is a command that tries a credential where programs run, and changes nothing.
type attempt struct{ *command }

// ParseAttempt reads
//
//	name: the orders pods
//	run: [kubectl, exec, -i, deployment/orders, --, ./can-log-in]   # 0: it is accepted
//	stdin: {username: username, password: password}
//	dir: ops
//	within: 1m
func ParseAttempt(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	parsed, err := Parse(n, o)
	if err != nil {
		return nil, err
	}
	c := parsed.(*command)
	switch {
	case len(c.stdin) == 0:
		return nil, errors.New("stdin: say which parts of the credential the command reads from its standard input, as in {user: username, password: password}")
	case c.check != nil || c.undo != nil:
		return nil, errors.New("a command that tries a credential changes nothing, so it has no check and no undo")
	}
	return attempt{c}, nil
}

func (a attempt) String() string { return a.name }

// Check leaves out that there is no undo.
func (a attempt) Check(ctx context.Context, u consumer.Update) ([]string, error) {
	_, err := a.command.Check(ctx, u)
	return nil, err
}

func (c *command) String() string { return "command " + c.name }

func (c *command) Risk() string {
	s := "oakum knows of it what its exit code says. It may run twice, where oakum is ended while it runs. "
	if c.undo == nil {
		return s + "There is no way back: it has no undo."
	}
	return s + "Taken back by " + strings.Join(c.undo, " ") + "."
}

// Check finds the programs before anything is changed.
func (c *command) Check(_ context.Context, u consumer.Update) (notes []string, err error) {
	for _, w := range []words{c.run, c.check, c.undo} {
		if len(w) == 0 {
			continue
		}
		if _, err := exec.LookPath(w[0]); err != nil && (c.dir == "" || !strings.ContainsRune(w[0], os.PathSeparator)) {
			return nil, fmt.Errorf("%w: %s: %w", consumer.ErrUnfit, c, err)
		}
	}
	if c.undo == nil {
		notes = append(notes, c.String()+" has no undo: after it, only forward")
	}
	_, err = c.input(u.New)
	return notes, err
}

func (c *command) Done(ctx context.Context, u consumer.Update) (bool, error) {
	if c.check == nil {
		c.lock.Lock()
		defer c.lock.Unlock()
		return c.did == u.Op, nil
	}
	err := c.start(ctx, c.check, u, u.Op, nil)
	if end, ok := errors.AsType[*exec.ExitError](err); ok && end.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

func (c *command) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return c.act(ctx, c.run, u, u.Op)
}

func (c *command) Undo(ctx context.Context, u consumer.Update) error {
	if c.undo == nil {
		return fmt.Errorf("%s: %w: it has no undo", c, consumer.ErrNoWayBack)
	}
	back, err := u.Back()
	if err != nil && len(c.stdin) > 0 {
		return fmt.Errorf("%s: %w", c, err)
	}
	return c.act(ctx, c.undo, back, consumer.UndoOp(u.Op))
}

// act runs a command, unless a look says that it is not needed.
func (c *command) act(ctx context.Context, w words, u consumer.Update, id string) error {
	c.lock.Lock()
	done := c.did == id
	c.lock.Unlock()
	if done {
		return nil
	}
	input, err := c.input(u.New)
	if err != nil {
		return err
	}
	if err := c.start(ctx, w, u, id, input); err != nil {
		return err
	}
	c.lock.Lock()
	c.did = id
	c.lock.Unlock()
	return nil
}

// input is the JSON object for the standard input, nil where none is wanted.
func (c *command) input(fields map[string]leak.Secret) ([]byte, error) {
	if len(c.stdin) == 0 {
		return nil, nil
	}
	given := map[string]leak.Secret{}
	for name, shape := range c.stdin {
		v, err := shape.Of(fields)
		if err != nil {
			return nil, fmt.Errorf("stdin.%s: %w", name, err)
		}
		given[name] = v
	}
	d, err := store.Document(given)
	if err != nil {
		return nil, err
	}
	return []byte(store.Plain(d)), nil
}

func (c *command) start(ctx context.Context, w words, u consumer.Update, id string, input []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.within)
	defer cancel()
	cmd := exec.CommandContext(ctx, w[0], w[1:]...)
	cmd.Dir, cmd.WaitDelay = c.dir, 5*time.Second
	cmd.Env = append(cmd.Environ(), "OAKUM_OP="+id)
	cmd.Stdin = bytes.NewReader(input)
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s: %s did not end within %s", c, w[0], c.within)
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", c, ctx.Err())
	}
	hide := u.Secrets()
	for _, shape := range c.stdin {
		for _, fields := range []map[string]leak.Secret{u.New, u.Old} {
			if v, err := shape.Of(fields); err == nil {
				hide = append(hide, v)
			}
		}
	}
	if words := last(scrub.Text(said.String(), hide...)); words != "" {
		return fmt.Errorf("%s: %s: %w; it says: %s", c, w[0], err, words)
	}
	return fmt.Errorf("%s: %s: %w", c, w[0], err)
}

// tail keeps the end of what a command prints. It holds more than it tells, so that a
// value that begins before the end is cut out whole.
type tail struct{ b []byte }

const held, told = 64 << 10, 1000 // bytes

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - held; over > 0 {
		t.b = t.b[over:]
	}
	return len(p), nil
}

// last is the end of a text.
func last(s string) string {
	if len(s) > told {
		return "…" + strings.ToValidUTF8(s[len(s)-told:], "")
	}
	return s
}

func (t *tail) String() string { return strings.ToValidUTF8(strings.TrimSpace(string(t.b)), "") }

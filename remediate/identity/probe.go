package identity

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/oakum-sec/oakum/remediate/act"
)

// ErrAsk is in the error that has a person ask the workload who it is.
var ErrAsk = errors.New("nobody has shown yet who the workload is")

const (
	// maxProbes bounds how often a workload is asked: tasks of before may answer until
	// they are drained.
	maxProbes  = 10
	betweenAsk = 10 * time.Second
	maxAsk     = 5 * time.Minute
	maxAnswer  = 1 << 20 // more than `aws sts get-caller-identity` and a shell's greeting
	maxSaid    = 2 << 10 // of what a probe that fails says
)

// callers are the ARNs that sts:GetCallerIdentity gives.
var callers = regexp.MustCompile(`arn:[a-z-]+:(?:sts|iam)::\d{12}:(?:assumed-role|user|root|federated-user)[A-Za-z0-9_+=,.@/-]*`)

// probeOp has the workload show, from inside, that it is the role.
type probeOp struct {
	*run
	step    string
	command []string
	line    string // for a person, where no command is configured
	seen    *sight
}

// sight is what was seen, as it is kept in the run's folder.
type sight struct {
	ARN  string    `json:"arn"`
	How  string    `json:"how"`
	Time time.Time `json:"time"`
}

func (o *probeOp) file() string { return "seen-" + o.step + ".json" }

func (o *probeOp) Evidence() string {
	if o.seen == nil {
		return ""
	}
	return o.seen.ARN + ", " + o.seen.How
}

func (o *probeOp) Done(context.Context) (bool, error) {
	text, err := o.folder.Root.ReadFile(o.file())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	o.seen = &sight{}
	if err := json.Unmarshal(text, o.seen); err != nil {
		return false, fmt.Errorf("read what was seen: %w", err)
	}
	return true, o.plan.isRole(o.seen.ARN)
}

func (o *probeOp) Do(ctx context.Context) error {
	s := sight{How: "by a person", ARN: o.Seen}
	switch {
	case o.settings.Probe.Invoke != "":
		s.How = "by invoking the function"
	case len(o.command) > 0:
		s.How = "by the probe"
	case o.Seen == "":
		return fmt.Errorf("%w: %w", ErrAsk, &act.Wait{For: "run\n  " + o.line + "\nand say --seen ARN with the ARN that it prints"})
	}
	if s.How != "by a person" {
		var err error
		if s.ARN, err = o.answer(ctx); err != nil {
			return err
		}
	} else if err := o.plan.isRole(s.ARN); err != nil {
		return err
	}
	o.Seen = "" // one sight is no proof of what is done after it
	s.Time = o.folder.Journal.Now().UTC().Round(time.Second)
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return o.Disk.Replace(o.folder.Root, o.file(), append(text, '\n'), 0o600)
}

// answer asks until the answer is the role.
func (o *probeOp) answer(ctx context.Context) (string, error) {
	for tries := 1; ; tries++ {
		arn, err := o.once(ctx)
		if err == nil {
			err = o.plan.isRole(arn)
		}
		if err == nil || ctx.Err() != nil || tries == maxProbes {
			return arn, err
		}
		if werr := o.wait(ctx, betweenAsk, err.Error()); werr != nil {
			return "", werr
		}
	}
}

func (o *probeOp) once(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, maxAsk)
	defer cancel()
	text, err := o.output(ctx)
	if err != nil {
		return "", fmt.Errorf("ask the workload who it is: %w", err)
	}
	found := callers.FindAllString(string(text), -1)
	for _, arn := range found {
		if arn != found[0] {
			return "", fmt.Errorf("the workload gives several identities: %s and %s", found[0], arn)
		}
	}
	if len(found) == 0 {
		return "", errors.New("the workload's answer holds no ARN of a caller")
	}
	return found[0], nil
}

func (o *probeOp) output(ctx context.Context) ([]byte, error) {
	if event := o.settings.Probe.Invoke; event != "" {
		out, err := ask(ctx, o.Tools, func() (*lambda.InvokeOutput, error) {
			return o.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &o.plan.Workload.Lambda.Function, Payload: []byte(event)})
		})
		if err != nil {
			return nil, err
		}
		if e := aws.ToString(out.FunctionError); e != "" {
			return nil, fmt.Errorf("the function fails (%s)", e)
		}
		return out.Payload, nil
	}
	if o.Run != nil {
		return o.Run(ctx, o.command)
	}
	out, said, err := process(ctx, o.command)
	if err != nil && said != "" { // told, and not written into a journal: who knows what it says
		o.say("%s says: %s", o.command[0], said)
	}
	return out, err
}

// process runs a command, without a shell. said is what it wrote for people.
func process(ctx context.Context, command []string) (answer []byte, said string, err error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	out, words := &limited{most: maxAnswer}, &limited{most: maxSaid}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, words, 5*time.Second // a process that it has left behind may hold the pipes
	if err = cmd.Run(); err != nil {
		err = fmt.Errorf("%s: %w", command[0], err)
	}
	return out.Bytes(), strings.TrimSpace(strings.ToValidUTF8(words.String(), "")), err
}

// limited takes so much and drops the rest.
type limited struct {
	bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	l.Buffer.Write(p[:min(len(p), l.most-l.Len())])
	return len(p), nil
}

// Undo forgets what was seen: it was of a workload that is taken back.
func (o *probeOp) Undo(context.Context) error { return o.Disk.Remove(o.folder.Root, o.file()) }

// isRole tells an ARN of a session of the plan's role from others.
func (p *Plan) isRole(arn string) error {
	begins := "arn:" + p.Account.Partition + ":sts::" + p.Account.Account + ":assumed-role/" + p.Role + "/"
	switch session, ok := strings.CutPrefix(arn, begins); {
	case ok && session != "" && !strings.Contains(session, "/"):
		return nil
	case strings.Contains(arn, ":user/"):
		return fmt.Errorf("the workload is still %s: a static key wins over a role; does it stand in a file, or under another variable?", arn)
	}
	return fmt.Errorf("the workload is %s, and should be %s…", arn, begins)
}

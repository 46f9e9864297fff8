package identity

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oakum-sec/oakum/remediate/access"
	"github.com/oakum-sec/oakum/remediate/act"
)

// Schema names the layout of a plan.
const Schema = "oakum-identity/1"

// Plan is what was found of key and workload when a run began, and what is needed. It
// holds no value, and nothing that another look at the same world would not give.
type Plan struct {
	Schema    string         `json:"schema"`
	Run       string         `json:"run"` // the folder of the run
	Account   access.Account `json:"account"`
	Key       string         `json:"key"`
	User      string         `json:"user"` // whose key it is
	Role      string         `json:"role"`
	Workload  Workload       `json:"workload"`
	Variables []string       `json:"variables"`
	Needs     []access.Need  `json:"needs"`
	Before    Before         `json:"before"`
	Warnings  []string       `json:"warnings,omitempty"` // what people should look at

	lastUsed string // the service that the key was last used for
}

// Before is what the workload had.
type Before struct {
	TaskDefinition string            `json:"task_definition,omitempty"` // ecs: its ARN
	Profile        string            `json:"profile,omitempty"`         // ec2: ARN of the instance profile
	Role           string            `json:"role,omitempty"`            // ARN of the role that it has
	Boundary       string            `json:"boundary,omitempty"`        // of that role
	Managed        []string          `json:"managed,omitempty"`         // policies of that role, which the new one takes over
	Inline         map[string]string `json:"inline,omitempty"`          // the same, written into it
	Holds          []string          `json:"holds,omitempty"`           // variables in which the key, or what belongs to it, stands
	Manifest       string            `json:"manifest,omitempty"`        // irsa: tag of the file's content
}

// identity is what the role lets in.
func (p *Plan) identity() access.Identity { return p.Workload.identity() }

// op is the id of a step, for tags and tokens.
func (p *Plan) op(step string) string {
	return act.OpID("identity", p.Account.Account, p.Run, step)
}

// roleARN is the new role's.
func (p *Plan) roleARN() string {
	return "arn:" + p.Account.Partition + ":iam::" + p.Account.Account + ":role/" + p.Role
}

// encode is the plan as a file; Hash is what --approve wants.
func (p *Plan) encode() ([]byte, error) {
	b, err := json.MarshalIndent(p, "", "  ")
	return append(b, '\n'), err
}

// Hash is what Approve wants.
func (p *Plan) Hash() (string, error) {
	text, err := p.encode()
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// runID names the runs for a key, a workload and a role, the same on every machine.
func runID(account access.Account, s *Settings) (string, error) {
	body, err := json.Marshal([]any{account, s.Key, s.Role, s.Workload})
	sum := sha256.Sum256(body)
	return "i" + hex.EncodeToString(sum[:6]), err
}

// look finds out all that a plan says; it changes nothing.
func (c *cloud) look(ctx context.Context, s *Settings) (*Plan, error) {
	p := &Plan{Schema: Schema, Key: s.Key, Role: s.Role, Workload: s.Workload, Variables: s.variables()}
	if err := c.who(ctx, p); err != nil {
		return nil, err
	}
	if err := c.whose(ctx, p); err != nil {
		return nil, err
	}
	var err error
	if p.Needs, err = c.needs(s, p); err != nil {
		return nil, err
	}
	if words := hint(p.Needs, p.lastUsed); words != "" {
		p.Warnings = append(p.Warnings, words)
	}
	if _, err := p.Account.Trust(p.identity()); err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	if err := c.kind(p).look(ctx); err != nil {
		return nil, fmt.Errorf("look at the %s: %w", p.Workload, err)
	}
	return p, c.carried(ctx, p)
}

// who finds account and region, and that the one who asks is not who is to go.
func (c *cloud) who(ctx context.Context, p *Plan) error {
	have, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("find AWS credentials: %w\nset AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err)
	}
	if have.AccessKeyID == p.Key {
		return fmt.Errorf("oakum runs with the very key that is to go (%s): take another identity", shown(p.Key))
	}
	me, err := ask(ctx, c.Tools, func() (*sts.GetCallerIdentityOutput, error) {
		return c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	})
	if err != nil {
		return fmt.Errorf("ask AWS who this is: %w", err)
	}
	parts := strings.Split(aws.ToString(me.Arn), ":")
	if len(parts) < 6 {
		return fmt.Errorf("AWS says that this is %q, which is no ARN", aws.ToString(me.Arn))
	}
	p.Account = access.Account{Partition: parts[1], Account: aws.ToString(me.Account), Region: c.config.Region}
	if p.Account.Region == "" {
		return errors.New("no region: write region: into the settings, or set AWS_REGION")
	}
	return nil
}

// whose finds the key's user and state (sts:GetAccessKeyInfo tells the account of
// keys that are deleted, too).
func (c *cloud) whose(ctx context.Context, p *Plan) error {
	info, err := ask(ctx, c.Tools, func() (*sts.GetAccessKeyInfoOutput, error) {
		return c.sts.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &p.Key})
	})
	if err != nil {
		return fmt.Errorf("ask whose the key %s is: %w", shown(p.Key), err)
	}
	if a := aws.ToString(info.Account); a != p.Account.Account {
		return fmt.Errorf("the key %s belongs to account %s, and this identity to %s: take one of that account", shown(p.Key), a, p.Account.Account)
	}
	used, err := ask(ctx, c.Tools, func() (*iam.GetAccessKeyLastUsedOutput, error) {
		return c.iam.GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &p.Key})
	})
	if err != nil {
		return fmt.Errorf("ask when the key %s was used (iam:GetAccessKeyLastUsed): %w", shown(p.Key), err)
	}
	if last := used.AccessKeyLastUsed; last != nil {
		p.lastUsed = aws.ToString(last.ServiceName)
	}
	if p.User = aws.ToString(used.UserName); p.User == "" {
		return fmt.Errorf("the key %s belongs to no user: one of the account's root can do everything, and no role replaces it; a person has to delete it in the console", shown(p.Key))
	}
	state, err := c.keyState(ctx, p)
	if err == nil && state != "Active" {
		err = fmt.Errorf("the key %s of %s is %s: no workload works with it any more; nothing is to be replaced", shown(p.Key), p.User, orGone(state))
	}
	return err
}

// keyState is Active, Inactive or "" for a key that is gone.
func (c *cloud) keyState(ctx context.Context, p *Plan) (string, error) {
	pages := iam.NewListAccessKeysPaginator(c.iam, &iam.ListAccessKeysInput{UserName: &p.User})
	for pages.HasMorePages() {
		page, err := ask(ctx, c.Tools, func() (*iam.ListAccessKeysOutput, error) { return pages.NextPage(ctx) })
		if is(err, "NoSuchEntity") {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("list the access keys of %s: %w", p.User, err)
		}
		for _, k := range page.AccessKeyMetadata {
			if aws.ToString(k.AccessKeyId) == p.Key {
				return string(k.Status), nil
			}
		}
	}
	return "", nil
}

func orGone(state string) string {
	if state == "" {
		return "gone"
	}
	return state
}

// shown is a key's id as people are told it: enough to find it, and no more.
func shown(id string) string { return id[:4] + "…" + id[len(id)-4:] }

// hint compares the needs with what AWS says of the key's last use.
func hint(needs []access.Need, service string) string {
	if service == "" || service == "N/A" || service == "sts" {
		return ""
	}
	begins := func(n access.Need) bool { return strings.HasPrefix(n.Action, service+":") }
	if slices.ContainsFunc(needs, begins) {
		return ""
	}
	return "the key was last used for " + service + ", of which the needs name nothing: whatever did that will be refused"
}

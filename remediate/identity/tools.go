package identity

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/oakum-sec/oakum/remediate/disk"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/internal/pause"
	"github.com/oakum-sec/oakum/remediate/key"
)

// Tools are what a run needs of the world.
type Tools struct {
	Config aws.Config
	Key    *key.Key
	State  string // the folder of runs
	Who    string // user and host, for the journal
	Dir    string // in which the files that settings name begin

	Approve string // the plan's hash: yes to taking the key from a running workload
	Seen    string // the ARN that a person saw from inside the workload

	Say   func(format string, args ...any) // tells a person; nil: nobody
	Watch func(Call) error                 // is told each request to AWS; nil: nobody
	Wait  func(ctx context.Context, d time.Duration, why string) error
	Run   func(ctx context.Context, command []string) ([]byte, error) // runs a probe; nil: as a process
	Disk  disk.Disk                                                   // the zero value is the real one
}

func (t *Tools) say(format string, args ...any) {
	if t.Say != nil {
		t.Say(format, args...)
	}
}

func (t *Tools) wait(ctx context.Context, d time.Duration, why string) error {
	if t.Wait != nil {
		return t.Wait(ctx, d, why)
	}
	t.say("%s: waiting %s", why, d)
	return pause.For(ctx, d)
}

// cloud is AWS, asked in one way.
type cloud struct {
	*Tools
	config   aws.Config
	iam      *iam.Client
	sts      *sts.Client
	ecs      *ecs.Client
	ec2      *ec2.Client
	lambda   *lambda.Client
	eks      *eks.Client
	analyzer *accessanalyzer.Client
}

func (t *Tools) cloud(region string) *cloud {
	c := t.Config.Copy()
	if region != "" {
		c.Region = region
	}
	c.HTTPClient = watched{awscall.Whole(c.HTTPClient), t.Watch}
	c.Retryer = func() aws.Retryer { return aws.NopRetryer{} } // ask tries again, where people see it
	return &cloud{t, c, iam.NewFromConfig(c), sts.NewFromConfig(c), ecs.NewFromConfig(c), ec2.NewFromConfig(c), lambda.NewFromConfig(c), eks.NewFromConfig(c), accessanalyzer.NewFromConfig(c)}
}

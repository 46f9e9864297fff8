package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/awssource"
	"github.com/oakum-sec/oakum/scanner"
)

// clouds are the commands of scan ci that this program has.
func clouds() []cli.Cloud { return []cli.Cloud{awsCloud()} }

func awsCloud() cli.Cloud {
	o := awssource.Options{}
	return cli.Cloud{
		Use:   "aws",
		Short: "Variables that AWS holds for jobs, functions, tasks and machines (experimental)",
		Long: `Asks AWS for the environment variables of CodeBuild projects (type PLAINTEXT), Lambda
functions with their published versions, and ECS task definitions in all active
revisions, and for the user data of EC2 instances and launch templates, and scans them.

Credentials are found as the AWS CLI finds them: AWS_ACCESS_KEY_ID, AWS_PROFILE and the
shared files, a web identity, a container's or an instance's role; so is the region. A
policy has to allow codebuild:ListProjects, codebuild:BatchGetProjects,
lambda:ListFunctions, ecs:ListTaskDefinitionFamilies, ecs:ListTaskDefinitions,
ecs:DescribeTaskDefinition, ec2:DescribeInstances, ec2:DescribeInstanceAttribute,
ec2:DescribeLaunchTemplates, ec2:DescribeLaunchTemplateVersions, and for --all-regions
ec2:DescribeRegions; kms:Decrypt for functions whose variables a key of yours encrypts.
What may not be read is a gap that says which of them is missing.

Experimental: it was tried on moto, an emulator of AWS, and on servers that follow AWS's
documentation.`,
		Flags: func(p *pflag.FlagSet) {
			p.StringSliceVar(&o.Regions, "region", nil, "`REGIONS`, separated by commas (default: as the AWS CLI finds it)")
			p.BoolVar(&o.AllRegions, "all-regions", false, "all regions that are enabled for the account")
			p.StringSliceVar(&o.Services, "service", nil, "`SERVICES`, separated by commas: "+strings.Join(awssource.Services(), ", ")+" (default: all)")
			p.IntVar(&o.Revisions, "revisions", 100, "the `NUMBER` of newest revisions of a task definition or launch template; 0: all")
		},
		Open: func(ctx context.Context, args []string, wait cli.Waiting) (scanner.Source, error) {
			o.Wait = wait
			return openAWS(ctx, o, args)
		},
	}
}

func openAWS(ctx context.Context, o awssource.Options, args []string) (scanner.Source, error) {
	switch {
	case len(args) > 0:
		return nil, fmt.Errorf("scan ci aws takes no arguments: %s", strings.Join(args, " "))
	case o.AllRegions && len(o.Regions) > 0:
		return nil, fmt.Errorf("say --region or --all-regions, not both")
	}
	c, err := config.LoadDefaultConfig(ctx, config.WithAppID("oakum"))
	if err != nil {
		return nil, fmt.Errorf("read AWS's configuration: %w", err)
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("find AWS credentials: %w\nset AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment (aws sts get-caller-identity says whether they work)", err)
	}
	return awssource.New(c, o)
}

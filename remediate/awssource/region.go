package awssource

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// identify finds out whose credentials these are. No policy can keep that from
// anybody (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html),
// so where it is not answered nothing will be.
func (w *walk) identify(ctx context.Context, config aws.Config) bool {
	client := sts.NewFromConfig(config)
	who, err := ask(ctx, &w.asker, "sts:GetCallerIdentity", func() (*sts.GetCallerIdentityOutput, error) {
		return client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	})
	if err != nil {
		w.refused(ctx, "aws", "find out which account this is", "sts:GetCallerIdentity", err)
		return false
	}
	w.account = aws.ToString(who.Account)
	return true
}

// regions are those that are looked at, each once, in the order of the command line,
// or by name.
func (s *Source) regions(ctx context.Context, w *walk) (names []string) {
	if !s.options.AllRegions {
		for _, name := range s.options.Regions {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return names
	}
	client := ec2.NewFromConfig(s.in(s.options.Regions[0]))
	list, err := ask(ctx, &w.asker, "ec2:DescribeRegions", func() (*ec2.DescribeRegionsOutput, error) {
		return client.DescribeRegions(ctx, &ec2.DescribeRegionsInput{}) // those that are enabled for the account
	})
	if err != nil {
		w.refused(ctx, "aws:"+w.account, "list regions", "ec2:DescribeRegions", err)
		return nil
	}
	for _, r := range list.Regions {
		names = append(names, aws.ToString(r.RegionName))
	}
	slices.Sort(names)
	return names
}

package awssource

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// ec2 tells of user data: what a machine is given to run at its first start. Every
// process on the machine can read it, and whoever may describe the instance.
func (w *walk) ec2(ctx context.Context, config aws.Config) {
	client := ec2.NewFromConfig(config)
	all := &userTexts{of: map[string]*userText{}}
	w.templates(ctx, client, all)
	w.instances(ctx, client, all)
	for _, t := range all.list {
		if w.done {
			return
		}
		w.userData(t)
	}
}

// templates gathers what launch templates have, each in all its versions.
func (w *walk) templates(ctx context.Context, client *ec2.Client, all *userTexts) {
	var list []types.LaunchTemplate
	pages := ec2.NewDescribeLaunchTemplatesPaginator(client, &ec2.DescribeLaunchTemplatesInput{})
	err := each(ctx, w, "ec2:DescribeLaunchTemplates", pages.HasMorePages, pages.NextPage, func(page *ec2.DescribeLaunchTemplatesOutput) {
		list = append(list, page.LaunchTemplates...)
	})
	if err != nil {
		w.refused(ctx, w.at, "list launch templates", "ec2:DescribeLaunchTemplates", err)
	}
	slices.SortFunc(list, func(a, b types.LaunchTemplate) int {
		return strings.Compare(aws.ToString(a.LaunchTemplateName), aws.ToString(b.LaunchTemplateName))
	})
	r := refusals{scope: w.at, what: "list versions", action: "ec2:DescribeLaunchTemplateVersions"}
	for _, t := range list {
		if err := w.template(ctx, client, t, all); err != nil {
			r.add(ctx, w, aws.ToString(t.LaunchTemplateName), err)
		}
	}
	r.tell(ctx, w)
}

func (w *walk) template(ctx context.Context, client *ec2.Client, t types.LaunchTemplate, all *userTexts) error {
	var list []types.LaunchTemplateVersion
	pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(client, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: t.LaunchTemplateId})
	err := each(ctx, w, "ec2:DescribeLaunchTemplateVersions", pages.HasMorePages, pages.NextPage, func(page *ec2.DescribeLaunchTemplateVersionsOutput) {
		list = append(list, page.LaunchTemplateVersions...)
	})
	slices.SortFunc(list, func(a, b types.LaunchTemplateVersion) int {
		return cmp.Compare(aws.ToInt64(b.VersionNumber), aws.ToInt64(a.VersionNumber))
	})
	scope := w.at + "/" + aws.ToString(t.LaunchTemplateName)
	if w.revisions > 0 && len(list) > w.revisions {
		w.older(scope, len(list)-w.revisions)
		list = list[:w.revisions]
	}
	for i, v := range list {
		if v.LaunchTemplateData == nil {
			continue
		}
		label := strconv.FormatInt(aws.ToInt64(v.VersionNumber), 10)
		at, also := scope, "version "+label
		if i > 0 {
			at += ":" + label
		}
		all.add(at, also, aws.ToString(v.LaunchTemplateData.UserData))
	}
	return err
}

// instances gathers what instances have. One that runs what its template says is told
// with that.
func (w *walk) instances(ctx context.Context, client *ec2.Client, all *userTexts) {
	var ids []string
	pages := ec2.NewDescribeInstancesPaginator(client, &ec2.DescribeInstancesInput{})
	err := each(ctx, w, "ec2:DescribeInstances", pages.HasMorePages, pages.NextPage, func(page *ec2.DescribeInstancesOutput) {
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				if i.State == nil || i.State.Name != types.InstanceStateNameTerminated { // of those nothing is kept
					ids = append(ids, aws.ToString(i.InstanceId))
				}
			}
		}
	})
	if err != nil {
		w.refused(ctx, w.at, "list instances", "ec2:DescribeInstances", err)
	}
	slices.Sort(ids)
	r := refusals{scope: w.at, what: "read user data", action: "ec2:DescribeInstanceAttribute"}
	for _, id := range ids {
		if w.done {
			return
		}
		out, err := ask(ctx, &w.asker, r.action, func() (*ec2.DescribeInstanceAttributeOutput, error) {
			return client.DescribeInstanceAttribute(ctx, &ec2.DescribeInstanceAttributeInput{InstanceId: &id, Attribute: types.InstanceAttributeNameUserData})
		})
		switch {
		case err != nil && code(err) == "InvalidInstanceID.NotFound": // it went meanwhile
		case err != nil:
			r.add(ctx, w, id, err)
		case out.UserData != nil:
			all.add(w.at+"/"+id, id, aws.ToString(out.UserData.Value))
		}
	}
	r.tell(ctx, w)
}

// userTexts are the texts of a region's user data, each once.
type userTexts struct {
	list []*userText
	of   map[string]*userText // by text
}

// userText is one text, where it was met first, and what else has it.
type userText struct {
	scope, text string
	also        []string
}

func (all *userTexts) add(scope, also, text string) {
	if text == "" {
		return
	}
	if t := all.of[text]; t != nil {
		t.also = append(t.also, also)
		return
	}
	t := &userText{scope: scope, text: text}
	all.of[text], all.list = t, append(all.list, t)
}

func (t *userText) notes() []string {
	notes := []string{"every process on the machine can read user data: give the instance a profile whose role may read the secret, or do what the key does"}
	const some = 5
	switch n := len(t.also); {
	case n > some:
		notes = append(notes, fmt.Sprintf("%d others have the same user data, such as %s", n, strings.Join(t.also[:some], ", ")))
	case n > 0:
		notes = append(notes, "the same user data: "+strings.Join(t.also, ", "))
	}
	return notes
}

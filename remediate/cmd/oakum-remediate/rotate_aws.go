package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/act"
	"github.com/oakum-sec/oakum/remediate/internal/awscall"
	"github.com/oakum-sec/oakum/remediate/rotate/awsrotation"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
)

// lambdaCommand has Secrets Manager rotate by itself: it writes the function.
func lambdaCommand(kit cli.Kit) *cobra.Command {
	var f awsrotation.Function
	var users []string
	c := &cobra.Command{
		Use:   "lambda DIR",
		Short: "Write the function by which AWS Secrets Manager rotates a database's users itself",
		Long: `Writes a Lambda function of the four steps that Secrets Manager calls (createSecret,
setSecret, testSecret, finishSecret), the policy of its role, and the lines that deploy
it. Two users take turns. rotate aws-schedule then says how often.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.Users = dbuser.Pair(users)
			files, err := awsrotation.Generate(f)
			if err != nil {
				return kit.Usage(c, err)
			}
			return writeFunction(kit, args[0], files)
		},
	}
	c.Flags().StringVar(&f.Kind, "kind", "postgres", "`postgres`, or mysql, which is for MariaDB too")
	c.Flags().StringVar(&f.Secret, "secret", "", "the `ARN` of the secret that is rotated")
	c.Flags().StringVar(&f.Admin, "admin", "", "the `ARN` of the secret of the user who may change the two")
	c.Flags().StringSliceVar(&users, "users", nil, "the two `USERS` that take turns: app_a,app_b")
	c.Flags().StringVar(&f.Check, "check", "", "the `QUERY` that is asked as the new user (default: SELECT 1)")
	return c
}

// writeFunction writes files into a folder, over none that is there.
func writeFunction(kit cli.Kit, dir string, files []awsrotation.File) error {
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return fmt.Errorf("%w: name a new folder", err)
		}
		_, err = out.WriteString(f.Text)
		if closed := out.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(kit.Stdio().Out, name)
	}
	return nil
}

// awsScheduleCommand tells Secrets Manager how often.
func awsScheduleCommand(kit cli.Kit) *cobra.Command {
	var s awsrotation.Schedule
	var region, profile, role string
	c := &cobra.Command{
		Use:   "aws-schedule SECRET --function ARN --every 'rate(30 days)'",
		Short: "Have AWS Secrets Manager rotate a secret by itself, on a schedule",
		Args:  cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := awscall.Load(c.Context(), url.Values{"region": {region}, "profile": {profile}, "role": {role}})
			if err != nil {
				return err
			}
			s.Secret, s.Op = args[0], act.OpID("schedule", args[0], s.Function, s.Every)
			if err := awsrotation.Configure(c.Context(), cfg, s); err != nil {
				return err
			}
			_, err = fmt.Fprintf(kit.Stdio().Out, "%s is rotated by %s, %s\n", s.Secret, s.Function, s.Every)
			return err
		},
	}
	c.Flags().StringVar(&s.Function, "function", "", "the `ARN` of the Lambda function")
	c.Flags().StringVar(&s.Every, "every", "rate(30 days)", "how `OFTEN`: rate(30 days), rate(12 hours) or cron(0 8 1 * ? *)")
	c.Flags().StringVar(&s.Window, "window", "", "how `LONG` after its time a rotation may begin: 3h")
	c.Flags().BoolVar(&s.Now, "now", false, "rotate at once, too")
	c.Flags().StringVar(&region, "region", "", "the `REGION` (default: AWS_REGION)")
	c.Flags().StringVar(&profile, "profile", "", "a `PROFILE` of AWS's shared configuration")
	c.Flags().StringVar(&role, "role", "", "the `ARN` of a role to assume")
	c.MarkFlagRequired("function")
	return c
}

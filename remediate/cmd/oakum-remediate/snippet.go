package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/snippet"
)

// snippetCommand prints the file by which a program fetches a secret itself.
func snippetCommand(kit cli.Kit) *cobra.Command {
	return &cobra.Command{
		Use:   "snippet LANGUAGE REF",
		Short: "Print how a program fetches a secret itself, with its vendor's SDK",
		Long: `Prints a file that fetches what a reference is about when the program starts: for programs
that are not to be started by oakum run. LANGUAGE is one of ` + strings.Join(snippet.Languages(), ", ") + `;
there are texts for AWS Secrets Manager, Parameter Store and Vault. Those of csharp for AWS
are experimental: none of our tests runs them.`,
		Example: `  oakum remediate snippet python 'ref+awssecrets://prod/mysql#/password'`,
		Args:    cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := ref.Parse(args[1])
			if err != nil {
				return err
			}
			text, err := snippet.Text(args[0], r)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(kit.Stdio().Out, text)
			return err
		},
	}
}

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/remediate/access"
)

// accessCommand is `oakum remediate access`.
func accessCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{
		Use:   "access",
		Short: "Compile who may read what, and prove it",
		Long: `Compiles one description of who may read which secret into IAM and trust policies, Vault
policies and roles, Azure role assignments and GCP bindings; and proves that the AWS
part allows what is needed and nothing else. docs/access.md has the description.`,
	}
	c.AddCommand(compileCommand(kit), checkCommand(kit))
	return c
}

func compileCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{Use: "compile FILE", Short: "Write the policies", Args: cobra.ExactArgs(1)}
	dir := c.Flags().StringP("output", "o", "", "write one file a document into `DIR`; one that is there and differs stays, and is an error")
	c.RunE = func(_ *cobra.Command, args []string) error {
		d, err := describe(args[0])
		if err != nil {
			return err
		}
		docs, err := d.Compile()
		if err != nil {
			return err
		}
		if *dir != "" {
			return writeDocuments(*dir, docs)
		}
		for _, doc := range docs {
			if _, err := fmt.Fprintf(kit.Stdio().Out, "# %s\n%s\n", doc.Name, doc.Content); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

func describe(name string) (*access.Description, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	d, err := access.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

func writeDocuments(dir string, docs []access.Document) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, doc := range docs {
		at := filepath.Join(dir, doc.Name)
		if there, err := os.ReadFile(at); err == nil && !bytes.Equal(there, doc.Content) {
			return fmt.Errorf("%s is there and differs: delete it, or compile into another folder (`oakum remediate access check --dir %s` says whether it will do)", at, dir)
		}
		if err := os.WriteFile(at, doc.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func checkCommand(kit cli.Kit) *cobra.Command {
	c := &cobra.Command{Use: "check FILE", Short: "Prove that policies are sufficient and least", Args: cobra.ExactArgs(1)}
	dir := c.Flags().String("dir", "", "check the documents in `DIR`, by the names that compile gives them")
	c.RunE = func(_ *cobra.Command, args []string) error {
		d, err := describe(args[0])
		if err != nil {
			return err
		}
		var find func(string) (access.Policy, bool, error)
		if *dir != "" {
			find = inFolder(*dir)
		}
		proof, err := d.Check(find)
		if err != nil {
			return err
		}
		return told(kit, proof)
	}
	return c
}

func inFolder(dir string) func(string) (access.Policy, bool, error) {
	return func(name string) (access.Policy, bool, error) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			return access.Policy{}, false, nil
		}
		if err != nil {
			return access.Policy{}, false, err
		}
		p, err := access.ReadPolicy(text)
		return p, true, err
	}
}

// told prints a proof. More than ten problems of one kind say nothing new: the
// rest is counted.
func told(kit cli.Kit, proof access.Proof) error {
	const most = 10
	out := kit.Stdio().Out
	shown := map[string]int{}
	for _, p := range proof.Problems {
		if shown[p.Document]++; shown[p.Document] <= most {
			if _, err := fmt.Fprintln(out, p); err != nil {
				return err
			}
		}
	}
	for _, document := range slices.Sorted(maps.Keys(shown)) {
		n := shown[document]
		if n > most {
			if _, err := fmt.Fprintf(out, "%s: %d more\n", document, n-most); err != nil {
				return err
			}
		}
	}
	if err := summary(out, proof); err != nil {
		return err
	}
	if len(proof.Problems) > 0 {
		return kit.Code(1, nil)
	}
	return nil
}

func summary(out io.Writer, proof access.Proof) error {
	words := "sufficient and least"
	if n := len(proof.Problems); n > 0 {
		words = fmt.Sprintf("%d problems", n)
	}
	_, err := fmt.Fprintf(out, "%s: %d policies, %d requests asked, %d variants with one thing less\n", words, proof.Policies, proof.Requests, proof.Variants)
	return err
}

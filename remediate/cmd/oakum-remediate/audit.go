package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/remediate"
	"github.com/oakum-sec/oakum/remediate/audit"
)

func auditCommand(kit cli.Kit) *cobra.Command {
	var vaultLog, device, trail string
	c := &cobra.Command{
		Use:   "audit --vault-log FILE | --cloudtrail FILE",
		Short: "Hold the journals against the store's own audit log, operation by operation",
		Long: `Looks for each operation that oakum's journals say was done in the log that the store keeps
itself: Vault's audit device, or CloudTrail for Secrets Manager. It tells who the store
says did it, and exits with 1 where the store knows nothing of one.

Vault's log has ids as keyed hashes; Vault is asked for them (sys/audit-hash), with
VAULT_ADDR and VAULT_TOKEN.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			t, err := tools(kit, nil)
			if err != nil {
				return err
			}
			var all []audit.Reconciled
			switch {
			case vaultLog != "":
				all, err = againstVault(c.Context(), kit, t, vaultLog, device)
			case trail != "":
				all, err = againstTrail(t, trail)
			default:
				return kit.Usage(c, errors.New("say which log: --vault-log FILE or --cloudtrail FILE"))
			}
			if err != nil {
				return err
			}
			if missing := writeReconciled(kit.Stdio().Out, all); missing > 0 {
				return kit.Code(1, nil)
			}
			return nil
		},
	}
	c.Flags().StringVar(&vaultLog, "vault-log", "", "the `FILE` of a Vault or OpenBao audit device")
	c.Flags().StringVar(&device, "vault-device", "file", "the audit device's `PATH`")
	c.Flags().StringVar(&trail, "cloudtrail", "", "a `FILE` of CloudTrail's, unpacked")
	c.MarkFlagsMutuallyExclusive("vault-log", "cloudtrail")
	return c
}

func againstVault(ctx context.Context, kit cli.Kit, t *remediate.Tools, file, device string) ([]audit.Reconciled, error) {
	ops, err := t.Operations("vaultkv")
	if err != nil {
		return nil, err
	}
	config := api.DefaultConfig()
	config.Address = cmp.Or(kit.Env("VAULT_ADDR"), config.Address)
	client, err := api.NewClient(config)
	if err != nil {
		return nil, err
	}
	client.SetToken(kit.Env("VAULT_TOKEN"))
	log, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	return audit.Vault(ctx, log, ops, func(ctx context.Context, value string) (string, error) {
		return client.Sys().AuditHashWithContext(ctx, device, value)
	})
}

func againstTrail(t *remediate.Tools, file string) ([]audit.Reconciled, error) {
	ops, err := t.Operations("awssecrets")
	if err != nil {
		return nil, err
	}
	log, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	return audit.CloudTrail(log, ops)
}

// writeReconciled tells of each operation what the store says, and how many it does not
// know.
func writeReconciled(w io.Writer, all []audit.Reconciled) (missing int) {
	for _, r := range all {
		fmt.Fprintf(w, "%s  %s  %s\n", r.ID, r.Run, report.Escape(r.What))
		for _, c := range r.Calls {
			fmt.Fprintf(w, "  %s  %s  by %s\n", c.When.UTC().Format(time.RFC3339), report.Escape(c.What), report.Escape(c.Who))
		}
		if len(r.Calls) == 0 {
			missing++
			fmt.Fprintf(w, "  the store's log has nothing of it: the journal says %s\n", r.When.UTC().Format(time.RFC3339))
		}
	}
	fmt.Fprintf(w, "%d operations, %d of them not in the store's log\n", len(all), missing)
	return missing
}

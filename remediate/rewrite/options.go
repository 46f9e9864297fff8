package rewrite

// Kubernetes says how a workload's Secret comes to be.
type Kubernetes struct {
	Via   string // one of the Via… constants; "" is ViaExternalSecret
	Store string // the operator's own object for the store: a ClusterSecretStore, a VaultAuth; "" is "oakum"
	Role  string // Vault's role, for ViaVaultAgent and Vault through ViaCSI
}

const (
	ViaExternalSecret = "external-secret"       // External Secrets Operator
	ViaVaultSecret    = "vault-static-secret"   // Vault Secrets Operator
	ViaCSI            = "secret-provider-class" // Secrets Store CSI driver
	ViaVaultAgent     = "vault-agent"           // annotations of the Vault agent injector
)

// OIDC is the role that a pipeline takes in place of a static key.
type OIDC struct {
	Role   string // arn:aws:iam::123456789012:role/deploy
	Region string
}

package leak

// Verification is what a credential's issuer said when it was asked (oakum
// verify). It holds no part of the value.
type Verification struct {
	State    Liveness `json:"state"`
	Reason   string   `json:"reason,omitempty"`   // "revoked", "rate limited"; why it is unknown
	Host     string   `json:"host,omitempty"`     // who was asked; "" where nobody was
	Identity []string `json:"identity,omitempty"` // "login octocat": what the issuer says whose it is
}

// Package tlskey says who renews the key of a TLS certificate. oakum does not: a key is
// of no use without a certificate of the same name, which cert-manager or an ACME client
// asks for, and they know when.
package tlskey

import "github.com/oakum-sec/oakum/remediate/rotate"

// Kind is the word for it in settings.
const Kind = "tls-key"

// Refuse is why there is no such rotator, and what to do.
func Refuse() error {
	return rotate.Refuse("cert-manager: set `spec.privateKey.rotationPolicy: Always` in the Certificate, then `cmctl renew NAME` (https://cert-manager.io/docs/usage/certificate/). "+
		"An ACME client: renew with a new key (`certbot renew --force-renewal --cert-name NAME --new-key`), and reload what serves it. "+
		"Then revoke the old certificate with the reason keyCompromise (`cmctl` cannot; `certbot revoke --cert-name NAME --reason keycompromise`, or at your CA): until it expires, whoever has the key can be taken for you",
		"a TLS key is renewed together with its certificate, by what asks for that")
}

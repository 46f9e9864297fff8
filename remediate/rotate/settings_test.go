package rotate

import (
	"strings"
	"testing"
)

// TestEntries: a credential is in one entry, or each of its parts is in its own.
func TestEntries(t *testing.T) {
	for text, says := range map[string]string{
		"entry: a": "",
		"entries: {access_key_id: a, secret_access_key: b}": "",
		"dwell: 1h": "it lacks entry",
		"entry: a, entries: {access_key_id: a, secret_access_key: b}":           "both `entry` and `entries`",
		"entries: {access_key_id: a, secret_access_key: b}, form: {url: \".\"}": "both `form` and `entries`",
		"entries: {access_key_id: a, secret_access_key: a}":                     "two or more, each another one",
		"entries: {token: a}": "two or more, each another one",
		"entries: {access_key_id: a, secret_access_key: \"\"}": "two or more, each another one",
	} {
		_, err := ReadSettings(strings.NewReader("rotations: [{name: app, kind: aws-iam-key, store: 'awsparams:', " + text + "}]"))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, expected %q", text, err, says)
		}
	}
}

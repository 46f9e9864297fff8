package proof

import (
	"bytes"
	"encoding/json"
	"strings"
)

// parseServiceAccount reads a Google Cloud service account key: the JSON file
// (IAM documentation, "Create and delete service account keys"), or its private
// key alone. JSON within a string, as in an env file or Terraform's state, is
// unescaped once.
func parseServiceAccount(value []byte) Result {
	value = bytes.TrimSpace(value)
	if !bytes.HasPrefix(value, []byte("{")) {
		return parsePEM(value)
	}
	if !json.Valid(value) {
		var inner string
		if json.Unmarshal([]byte(`"`+string(value)+`"`), &inner) != nil {
			return fails("not JSON")
		}
		value = []byte(inner)
	}
	var file struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
	}
	if json.Unmarshal(value, &file) != nil || file.Type != "service_account" {
		return fails("not a service account")
	}
	result := parsePEM([]byte(file.Key))
	if !strings.HasSuffix(file.Email, ".gserviceaccount.com") {
		result.Verdict = min(result.Verdict, Unsure)
	} else if shown(file.Email) != "" {
		result.Notes = append([]string{"for " + file.Email}, result.Notes...)
	}
	return result
}

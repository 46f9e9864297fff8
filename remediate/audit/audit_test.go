package audit

import (
	"context"
	"strings"
	"testing"
	"time"
)

var ops = []Operation{{ID: "11111111-2222-5333-8444-555555555555", Run: "p", Entry: "prod/db", When: time.Unix(1, 0)}, {ID: "99999999-2222-5333-8444-555555555555", Run: "r"}}

// TestCloudTrail: a call that ended well under an operation's token is that operation's;
// one that was refused, or another's, is not.
func TestCloudTrail(t *testing.T) {
	log := `{"Records": [
		{"eventTime": "2026-11-30T10:00:00Z", "eventName": "CreateSecret", "userIdentity": {"arn": "arn:aws:iam::123456789012:role/oakum"}, "requestParameters": {"clientRequestToken": "` + ops[0].ID + `", "name": "prod/db"}},
		{"eventTime": "2026-11-30T10:00:01Z", "eventName": "PutSecretValue", "errorCode": "AccessDenied", "userIdentity": {"arn": "x"}, "requestParameters": {"clientRequestToken": "` + ops[1].ID + `"}},
		{"eventTime": "2026-11-30T10:00:02Z", "eventName": "GetSecretValue", "userIdentity": {"arn": "y"}, "requestParameters": null}]}`
	all, err := CloudTrail(strings.NewReader(log), ops)
	if err != nil {
		t.Fatal(err)
	}
	if len(all[0].Calls) != 1 || all[0].Calls[0].What != "CreateSecret" || !strings.HasSuffix(all[0].Calls[0].Who, "role/oakum") || len(all[1].Calls) != 0 {
		t.Errorf("%+v", all)
	}
	if _, err := CloudTrail(strings.NewReader(`{}`), ops); err == nil || !strings.Contains(err.Error(), "gunzip") {
		t.Errorf("a file without records: %v", err)
	}
}

// TestVault: responses alone count, by the hash that the device writes.
func TestVault(t *testing.T) {
	hash := func(_ context.Context, v string) (string, error) {
		return "hmac-sha256:" + strings.Repeat(v[:1], 8), nil
	}
	line := func(kind, value, more string) string {
		return `{"time":"2026-11-30T10:00:00.5Z","type":"` + kind + `","auth":{"display_name":"approle"},"request":{"operation":"update","path":"secret/metadata/prod/db","data":{"custom_metadata":{"oakum-op":"` + value + `"}}}` + more + "}\n"
	}
	log := line("request", "hmac-sha256:11111111", "") + line("response", "hmac-sha256:11111111", "") + line("response", "hmac-sha256:99999999", `,"error":"permission denied"`)
	all, err := Vault(t.Context(), strings.NewReader(log), ops, hash)
	if err != nil {
		t.Fatal(err)
	}
	if len(all[0].Calls) != 1 || all[0].Calls[0].Who != "approle" || all[0].Calls[0].When.Nanosecond() == 0 || len(all[1].Calls) != 0 {
		t.Errorf("%+v", all)
	}
	if _, err := Vault(t.Context(), strings.NewReader("{\n"), ops, hash); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a log that is none: %v", err)
	}
}

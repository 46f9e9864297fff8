// Package audit holds oakum's own journals against what a store wrote down itself: each
// operation that a journal says was done must stand in the store's log, under the same
// id, done by whom the store knows.
//
// Ids are the stores' idempotency tokens and ownership tags. Vault's audit devices hash
// values, and hash one for whoever may ask (sys/audit-hash); CloudTrail keeps the token
// of Secrets Manager's calls.
//
// Its limits: Parameter Store's calls have no token, so that CloudTrail cannot tell them
// apart; a log that begins after an operation does not have it.
package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/oakum-sec/oakum/remediate/store"
)

// Operation is what a journal says was done to a store.
type Operation struct {
	ID    string // the store's token for it, a UUID
	Run   string // a plan's id or a rotation's
	Entry string
	What  string
	When  time.Time
}

// Call is what a store's log says of one.
type Call struct {
	When time.Time
	Who  string // as the store knows them
	What string // "update secret/metadata/prod/db", "CreateSecret"
}

// Reconciled is an operation with its calls; none is one that the store's log lacks.
type Reconciled struct {
	Operation
	Calls []Call
}

// maxLine is the longest line of a log that is read: Vault's audit devices hash values,
// but keep lists whole.
const maxLine = 16 << 20

// vaultLine is an entry of a Vault or OpenBao audit device
// (https://developer.hashicorp.com/vault/docs/audit).
type vaultLine struct {
	Time string `json:"time"`
	Type string `json:"type"`
	Auth struct {
		DisplayName string `json:"display_name"`
		EntityID    string `json:"entity_id"`
	} `json:"auth"`
	Request struct {
		Operation string `json:"operation"`
		Path      string `json:"path"`
		Data      struct {
			Tags map[string]any `json:"custom_metadata"`
		} `json:"data"`
	} `json:"request"`
	Error string `json:"error"`
}

// Vault looks for operations in the log of an audit device. hash is how that device
// writes a value down.
func Vault(ctx context.Context, log io.Reader, ops []Operation, hash func(ctx context.Context, value string) (string, error)) ([]Reconciled, error) {
	all, at := begin(ops), map[string]int{}
	for i, o := range ops {
		h, err := hash(ctx, o.ID)
		if err != nil {
			return nil, fmt.Errorf("ask how the audit device writes an id: %w", err)
		}
		at[h] = i
	}
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLine)
	for n := 1; lines.Scan(); n++ {
		var l vaultLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("line %d of the audit log is no JSON: %w", n, err)
		}
		if l.Type != "response" || l.Error != "" {
			continue // a request is followed by its response
		}
		op, _ := l.Request.Data.Tags[store.TagOp].(string)
		if i, ours := at[op]; ours {
			when, _ := time.Parse(time.RFC3339Nano, l.Time) // zero tells nothing wrong
			all[i].Calls = append(all[i].Calls, Call{when, who(l), l.Request.Operation + " " + l.Request.Path})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return all, nil
}

func who(l vaultLine) string {
	if l.Auth.EntityID != "" {
		return l.Auth.DisplayName + " (" + l.Auth.EntityID + ")"
	}
	return l.Auth.DisplayName
}

// trail is a file of CloudTrail's
// (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
type trail struct {
	Records []struct {
		Time      time.Time `json:"eventTime"`
		Name      string    `json:"eventName"`
		ErrorCode string    `json:"errorCode"`
		Identity  struct {
			ARN string `json:"arn"`
		} `json:"userIdentity"`
		Parameters struct {
			Token string `json:"clientRequestToken"`
		} `json:"requestParameters"`
	}
}

// maxTrail is more than a file of CloudTrail's has, unpacked.
const maxTrail = 256 << 20

// CloudTrail looks for operations in a file of CloudTrail's.
func CloudTrail(log io.Reader, ops []Operation) ([]Reconciled, error) {
	var t trail
	if err := json.NewDecoder(io.LimitReader(log, maxTrail)).Decode(&t); err != nil {
		return nil, fmt.Errorf("read CloudTrail's records: %w", err)
	}
	if t.Records == nil {
		return nil, errors.New(`read CloudTrail's records: the file has none; it is {"Records": […]}, unpacked (gunzip)`)
	}
	all := begin(ops)
	for _, r := range t.Records {
		for i := range all {
			if r.Parameters.Token == all[i].ID && r.ErrorCode == "" {
				all[i].Calls = append(all[i].Calls, Call{r.Time, r.Identity.ARN, r.Name})
			}
		}
	}
	return all, nil
}

func begin(ops []Operation) []Reconciled {
	all := make([]Reconciled, len(ops))
	for i, o := range ops {
		all[i].Operation = o
	}
	return all
}

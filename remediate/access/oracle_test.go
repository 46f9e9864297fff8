package access

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/internal/realtest"
)

// simulate is a program for node: it answers requests, one a line of a JSON list.
const simulate = `
import { readFileSync } from 'node:fs'
const { runSimulation } = await import(process.argv[2])
const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
// A key's own policy has to hand over to IAM, as the default one does.
const keyPolicy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::123456789012:root' }, Action: 'kms:*', Resource: '*' }] }
const answers = []
for (const r of JSON.parse(readFileSync(0, 'utf8'))) {
  const account = '123456789012'
  const role = 'arn:aws:iam::' + account + ':role/reader'
  const simulation = {
    request: { action: r.action, resource: { resource: r.resource || role, accountId: account }, principal: r.principal || role, contextVariables: r.context || {} },
    identityPolicies: r.principal ? [] : [{ name: 'p', policy: r.policy }],
    resourcePolicy: r.principal ? r.policy : r.action.startsWith('kms:') ? keyPolicy : undefined,
    serviceControlPolicies: [{ orgIdentifier: 'o', policies: [{ name: 'all', policy: all }] }],
    resourceControlPolicies: [],
  }
  const result = await runSimulation(simulation, {})
  answers.push(result.resultType === 'single' ? result.overallResult : 'not asked: ' + result.resultType)
}
console.log(JSON.stringify(answers))
`

// question is a request of one policy.
type question struct {
	Policy    Policy            `json:"policy"`
	Action    string            `json:"action"`
	Resource  string            `json:"resource,omitempty"`
	Principal string            `json:"principal,omitempty"`
	Context   map[string]string `json:"context,omitempty"`

	ours     bool
	document string
}

// TestOracle asks a full evaluator of IAM what ours is asked. It knows which
// keys and resources an action has: what it takes for no request at all is passed
// over. Trust for tokens is left out: it does not know the keys of our issuers.
func TestOracle(t *testing.T) {
	part := realtest.Find(t, "iam-simulate")
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	d := read(t, sample)
	var questions []question
	for _, name := range slices.Sorted(maps.Keys(d.Readers)) {
		r := d.Readers[name]
		if !r.As.aws() || len(d.needs(r)) == 0 {
			continue
		}
		questions = append(questions, ask(name, d.permissions(r), permissionSpace(d.needs(r)), 97)...)
		if provider, _, _ := r.As.Web(); provider == "" {
			questions = append(questions, ask(name, d.trust(r), d.trustSpace(r), 5)...)
		}
	}
	// Needs as they are observed, for each kind of workload (package identity).
	questions = append(questions, ask("observed", Allow(seen), permissionSpace(seen), 97)...)
	for kind, as := range everyKind {
		if provider, _, _ := as.Web(); provider == "" {
			d, r := &Description{AWS: where}, Reader{As: as}
			d.AWS.Partition = "aws"
			questions = append(questions, ask("observed "+kind, d.trust(r), d.trustSpace(r), 5)...)
		}
	}
	compared, allowed := 0, 0
	of := map[string]int{}
	for i, answer := range answers(t, part, questions) {
		q := questions[i]
		switch answer {
		case "Allowed", "ImplicitlyDenied", "ExplicitlyDenied":
			compared++
			of[q.document]++
			if q.ours != (answer == "Allowed") {
				t.Errorf("%s: %s on %s by %s with %v: the oracle says %s", q.document, q.Action, q.Resource, q.Principal, q.Context, answer)
			}
			if q.ours {
				allowed++
			}
		}
	}
	for _, document := range []string{"observed", "observed ecs", "observed ec2", "observed lambda", "observed pod_identity"} {
		if of[document] < 5 {
			t.Errorf("%d requests of %s were compared", of[document], document)
		}
	}
	if compared < 300 || allowed < 15 {
		t.Errorf("%d of %d requests were compared, %d of them allowed", compared, len(questions), allowed)
	}
}

// ask takes what is needed, and of the rest one in so many.
func ask(document string, p Policy, space []asked, one int) (all []question) {
	for i, a := range space {
		q := question{Policy: p, Action: a.Action, Resource: a.Resource, Context: a.Context, ours: p.allows(a.Request), document: document}
		for _, name := range a.Principal {
			q.Principal = name
		}
		if a.needed || i%one == 0 {
			all = append(all, q)
		}
	}
	return all
}

func answers(t *testing.T, library string, questions []question) (all []string) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "simulate.mjs")
	if err := os.WriteFile(script, []byte(simulate), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	// The oracle drops kms:EncryptionContext:KEY, whose end is free, from requests,
	// and keeps tags, whose end is free too.
	in = bytes.ReplaceAll(in, []byte("kms:EncryptionContext:"), []byte("aws:PrincipalTag/"))
	cmd := exec.Command("node", script, library)
	cmd.Stdin = bytes.NewReader(in)
	var words bytes.Buffer
	cmd.Stderr = &words
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, words.String())
	}
	if err := json.Unmarshal(out, &all); err != nil || len(all) != len(questions) {
		t.Fatalf("%d answers to %d questions, %v", len(all), len(questions), err)
	}
	return all
}

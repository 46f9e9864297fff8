package identity

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/act"
)

// kinds are all workloads, by the names of the settings.
var kinds = []string{"ecs", "ec2", "lambda", "pod_identity", "irsa", "github", "gitlab"}

// TestWorkloads takes each kind from its key to its role, does it twice, which is
// once, and takes it back.
func TestWorkloads(t *testing.T) {
	w := newWorld(t)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			w.t = t
			w.said.Reset()
			s := w.settings(kind)
			p := w.done(s)
			w.holds(s, "applied")
			w.silent()
			said := w.said.String()
			w.gate.calls = nil
			w.done(s)
			if changes := w.changes(); len(changes) > 0 {
				t.Errorf("applied again, it did %v", changes)
			}
			if _, err := w.tools(s).Undo(t.Context(), s); err != nil {
				t.Fatalf("undo: %v", err)
			}
			w.gone(s, p, "taken back")
			w.done(s)
			w.holds(s, "applied anew")
			if _, err := w.tools(s).Undo(t.Context(), s); err != nil {
				t.Fatalf("undo again: %v", err)
			}
			w.gone(s, p, "taken back again")
			t.Log(said)
		})
	}
}

// reads begin the names of calls that change nothing.
var reads = []string{"Get", "List", "Describe", "Simulate", "Check", "Invoke"}

func changing(action string) bool {
	for _, r := range reads {
		if strings.HasPrefix(action, r) {
			return false
		}
	}
	return true
}

// changes are the calls since the last reset that change something.
func (w *world) changes() (all []string) {
	for _, c := range w.gate.calls {
		if _, action, _ := strings.Cut(c, " "); changing(action) {
			all = append(all, c)
		}
	}
	return all
}

// silent holds that the key's secret, and its whole id, were told nobody.
func (w *world) silent() {
	w.t.Helper()
	for _, v := range []string{w.leaked.SecretAccessKey, w.leaked.AccessKeyID, w.operator.SecretAccessKey} {
		if strings.Contains(w.said.String(), v) {
			w.t.Error("a key was told")
		}
	}
}

// TestFinish: what was kept for undo is sealed, and goes with the way back.
func TestFinish(t *testing.T) {
	w := newWorld(t)
	s := w.settings("lambda")
	p := w.done(s)
	kept, err := os.ReadFile(filepath.Join(act.Home{Dir: w.state}.Of(p.Run), keptName))
	if err != nil || len(kept) == 0 {
		t.Fatalf("nothing was kept: %v", err)
	}
	w.nowhere(w.leaked.SecretAccessKey)
	tools := w.tools(s)
	if _, err := tools.Finish(t.Context(), s); !errors.Is(err, ErrApprove) {
		t.Errorf("finished without a yes: %v", err)
	}
	tools.Approve, err = p.Hash()
	w.must(err)
	for range 2 {
		if _, err := tools.Finish(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(act.Home{Dir: w.state}.Of(p.Run), keptName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is kept: %v", err)
	}
	if _, err := tools.Undo(t.Context(), s); err == nil || !strings.Contains(err.Error(), "finished") {
		t.Errorf("undo: %v", err)
	}
	if _, err := tools.Apply(t.Context(), s); err != nil {
		t.Errorf("apply: %v", err)
	}
	w.holds(s, "finished")
	at := filepath.Join(act.Home{Dir: w.state}.Of(p.Run), planName)
	text, err := os.ReadFile(at)
	w.must(err)
	w.must(os.WriteFile(at, []byte(strings.Replace(string(text), "in.csv", "out.csv", 1)), 0o600))
	if _, err := tools.Undo(t.Context(), s); err == nil || !strings.Contains(err.Error(), "somebody changed it") {
		t.Errorf("a plan that was changed: %v", err)
	}
}

// nowhere holds that a value stands in no file of the runs.
func (w *world) nowhere(value string) {
	w.t.Helper()
	seen := 0
	w.must(filepath.WalkDir(w.state, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		if seen++; strings.Contains(string(text), value) {
			w.t.Errorf("%s holds a value", name)
		}
		return err
	}))
	if seen < 5 {
		w.t.Errorf("%d files were looked at", seen)
	}
}

// TestWords: a plan is told step by step, with what is asked for, what is the user's to
// do, and how each step is taken back; and changes nothing.
func TestWords(t *testing.T) {
	w := newWorld(t)
	for kind, parts := range map[string][]string{
		"ecs":          {"s3:GetObject on arn:aws:s3:::orders/in.csv", "asks for --approve: have it run one without web/AWS_ACCESS_KEY_ID, web/AWS_SECRET_ACCESS_KEY", "undo: have it run orders", "hold the key in plain text"},
		"ec2":          {"make the instance profile", "yours: what the machine has in its files", "hop limit"},
		"lambda":       {"and what the workload's role of now may, basic-orders", ":policy/logs-", "  queue", "sealed in the state folder"},
		"pod_identity": {"rollout restart", "look: whether the cluster has the add-on"},
		"irsa":         {"have IAM know oidc.eks", "annotate the service account in", "apply orders"},
		"github":       {"role-to-assume: arn:aws:iam::123456789012:role/orders-github-", "gh secret delete"},
		"gitlab":       {"have IAM know gitlab.com, for tokens to https://gitlab.com", "AWS_WEB_IDENTITY_TOKEN_FILE", "the CI variables are yours to delete"},
	} {
		s := w.settings(kind)
		w.gate.calls = nil
		tools := w.tools(s)
		p, err := tools.Plan(t.Context(), s)
		w.must(err)
		var out strings.Builder
		w.must(tools.Write(&out, p, s))
		for _, part := range append(parts, "the key stays Active", "undo: delete the role") {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%s does not say %q:\n%s", kind, part, out.String())
			}
		}
		if strings.Contains(out.String(), w.leaked.AccessKeyID) || strings.Contains(out.String(), w.leaked.SecretAccessKey) {
			t.Errorf("%s shows the key", kind)
		}
		if did := w.changes(); len(did) > 0 {
			t.Errorf("%s: a plan did %v", kind, did)
		}
	}
	entries, err := os.ReadDir(w.state)
	if err != nil || len(entries) != 0 {
		t.Errorf("a plan leaves %v, %v", entries, err)
	}
}

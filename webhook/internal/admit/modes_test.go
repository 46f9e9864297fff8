package admit_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// labels are those of namespace shop.
type labels map[string]string

func (l labels) Labels(name string) (map[string]string, bool) { return l, name == "shop" }

func with(l labels) func(*admit.Options) {
	return func(o *admit.Options) { o.Namespaces = l }
}

// What each level lets pass, in each mode.
func TestLevels(t *testing.T) {
	aws := review("CREATE", object("", awsEnv(1)), "")
	token := review("CREATE", object("", variable("GITHUB_TOKEN", leaktest.Must(2, `{{github "ghp_"}}`))), "")
	password := review("CREATE", object("", variable("DB_PASSWORD", leaktest.Must(3, `{{alnum 24}}`))), "")
	temporary := review("CREATE", object("", leaktest.Must(4, `{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "ASIA"}}"},{"name":"AWS_SECRET_ACCESS_KEY","value":"{{awsSecret}}"}`)), "")
	for _, c := range []struct {
		name                             string
		labels                           labels
		aws, token, password, temporarly string // decisions
	}{
		{"default", nil, "deny", "deny", "warn", "deny"},
		{"off", labels{admit.LabelEnforce: "off", admit.LabelWarn: "off", admit.LabelAudit: "off"}, "skip", "skip", "skip", "skip"},
		{"aws-static", labels{admit.LabelEnforce: "aws-static"}, "deny", "warn", "warn", "warn"},
		{"high", labels{admit.LabelEnforce: "high"}, "deny", "deny", "warn", "deny"},
		{"all", labels{admit.LabelEnforce: "all"}, "deny", "deny", "deny", "deny"},
		{"warn alone", labels{admit.LabelEnforce: "off"}, "warn", "warn", "warn", "warn"},
		{"audit alone", labels{admit.LabelEnforce: "off", admit.LabelWarn: "off"}, "warn", "warn", "warn", "warn"},
		{"warn of less", labels{admit.LabelEnforce: "off", admit.LabelWarn: "aws-static", admit.LabelAudit: "off"}, "warn", "allow", "allow", "allow"},
		{"a level that nobody knows", labels{admit.LabelEnforce: "offf"}, "deny", "deny", "warn", "deny"},
	} {
		a := admitter(t, with(c.labels))
		for i, want := range []string{c.aws, c.token, c.password, c.temporarly} {
			r, answer := ask(t, a, [][]byte{aws, token, password, temporary}[i])
			if answer.Decision != want {
				t.Errorf("%s, body %d: %s, not %s: %+v", c.name, i, answer.Decision, want, r)
			}
		}
	}
	r, _ := ask(t, admitter(t, with(labels{admit.LabelEnforce: "off", admit.LabelWarn: "off"})), aws)
	if len(r.Warnings) > 0 || r.AuditAnnotations[admit.AuditDecision] != "audit" {
		t.Errorf("in the audit log alone: %+v", r)
	}
	r, _ = ask(t, admitter(t, with(labels{admit.LabelEnforce: "offf"})), password)
	if !strings.Contains(strings.Join(r.Warnings, "\n"), `no level "offf"`) {
		t.Errorf("of a level that nobody knows: %q", r.Warnings)
	}
}

var update = flag.String("update", "", "give rules that are in no version this one, in since.txt")

// Every built-in rule that a version names is there, and each version names some. A
// release gives the others its version.
func TestPins(t *testing.T) {
	all, err := builtin.Rules()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("since.txt")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(text))
	var fresh []string
	known := 0
	for _, r := range all {
		if slices.Contains(words, r.ID) {
			known++
			continue
		}
		fresh = append(fresh, r.ID)
	}
	slices.Sort(fresh)
	if *update != "" && len(fresh) > 0 {
		text = append(text, *update+" "+strings.Join(fresh, " ")+"\n"...)
		if err := os.WriteFile("since.txt", text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if known < 700 || !slices.IsSorted(admit.Pins()) || len(admit.Pins()) == 0 {
		t.Errorf("%d rules of versions %v", known, admit.Pins())
	}
}

// A pin is told of, and one that nobody knows changes nothing but that.
func TestPinLabel(t *testing.T) {
	body := review("CREATE", object("", awsEnv(1)), "")
	pin := admit.Pins()[0]
	r, _ := ask(t, admitter(t, with(labels{admit.LabelEnforce + admit.VersionSuffix: pin})), body)
	if r.Allowed || r.AuditAnnotations[admit.AuditEnforce] != "high:"+pin {
		t.Errorf("a rule of the pinned version: %+v", r)
	}
	r, _ = ask(t, admitter(t, with(labels{admit.LabelEnforce + admit.VersionSuffix: "rules-1999.01"})), body)
	if r.Allowed || !strings.Contains(strings.Join(r.Warnings, "\n"), "names no rules version") {
		t.Errorf("a version that nobody knows: %+v", r)
	}
}

func TestExemptions(t *testing.T) {
	body := review("CREATE", object("", awsEnv(1)), "")
	refused, _ := ask(t, admitter(t), body)
	fingerprint := refused.Result.Details.Causes[0].Message
	fingerprint = fingerprint[strings.LastIndexByte(fingerprint, ' ')+1:]
	later, past := now.Add(time.Hour), now
	for _, c := range []struct {
		name string
		e    admit.Exemption
		want string
	}{
		{"by namespace", admit.Exemption{Namespaces: []string{"shop"}, Expires: later}, "exempt"},
		{"by user", admit.Exemption{Users: []string{"jane"}, Expires: later}, "exempt"},
		{"by group", admit.Exemption{Groups: []string{"dev"}, Expires: later}, "exempt"},
		{"by fingerprint", admit.Exemption{Fingerprints: []string{fingerprint}, Expires: later}, "exempt"},
		{"by fingerprint, elsewhere", admit.Exemption{Fingerprints: []string{fingerprint}, Namespaces: []string{"other"}, Expires: later}, "deny"},
		{"of another finding", admit.Exemption{Fingerprints: []string{"v1.00000000000000000000000000000000"}, Expires: later}, "deny"},
		{"of another namespace", admit.Exemption{Namespaces: []string{"other"}, Expires: later}, "deny"},
		{"of a user in another namespace", admit.Exemption{Users: []string{"jane"}, Namespaces: []string{"other"}, Expires: later}, "deny"},
		{"that has ended", admit.Exemption{Namespaces: []string{"shop"}, Expires: past}, "deny"},
	} {
		c.e.Owner, c.e.Reason = "team-shop", "until the role is there"
		r, answer := ask(t, admitter(t, func(o *admit.Options) { o.Exempt = []admit.Exemption{c.e} }), body)
		if answer.Decision != c.want || (c.want == "exempt") != strings.Contains(r.AuditAnnotations[admit.AuditExempt], "by team-shop until 2026-11-24: until the role is there") {
			t.Errorf("%s: %s %+v", c.name, answer.Decision, r)
		}
	}
	for _, e := range []admit.Exemption{{Users: []string{"jane"}, Expires: later}, {Users: []string{"jane"}, Owner: "x"}, {Owner: "x", Expires: later}} {
		if e.Valid() == nil {
			t.Errorf("%+v is accepted", e)
		}
	}
	// An object does not exempt itself.
	own := strings.Replace(string(body), `"annotations":{`, `"labels":{"`+admit.LabelEnforce+`":"off"},"annotations":{"`+admit.Domain+`/exempt":"`+fingerprint+`","`+admit.LabelEnforce+`":"off"`, 1)
	if r, _ := ask(t, admitter(t), []byte(own)); r.Allowed {
		t.Error("an object exempts itself")
	}
}

// Copies of a template by a controller are warned of, or denied, as configured; who only
// says that a controller made it is denied.
func TestControlled(t *testing.T) {
	owned := strings.Replace(object("", awsEnv(1)), `"annotations"`, `"generateName":"app-","ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"app","uid":"u","controller":true}],"annotations"`, 1)
	by := func(user, object string) []byte {
		return []byte(strings.Replace(string(review("CREATE", object, "")), `"username":"jane"`, `"username":"`+user+`"`, 1))
	}
	const controller, rollouts = "system:serviceaccount:kube-system:replicaset-controller", "system:serviceaccount:argo:argo-rollouts"
	deny := func(o *admit.Options) { o.Controlled = admit.ControlledDeny }
	own := func(o *admit.Options) { o.Controllers = []string{rollouts} }
	for _, c := range []struct {
		name   string
		a      *admit.Admitter
		body   []byte
		denied bool
	}{
		{"a controller's", admitter(t), by(controller, owned), false},
		{"in fail-closed mode", admitter(t, deny), by(controller, owned), true},
		{"a user's who says so", admitter(t), by("jane", owned), true},
		{"a controller's without an owner", admitter(t), by(controller, object("", awsEnv(1))), true},
		{"an operator's", admitter(t), by(rollouts, owned), true},
		{"a configured operator's", admitter(t, own), by(rollouts, owned), false},
	} {
		r, _ := ask(t, c.a, c.body)
		if r.Allowed == c.denied {
			t.Errorf("%s: %+v", c.name, r)
		}
		if !c.denied && (len(r.Warnings) == 0 || r.AuditAnnotations[admit.AuditControlled] == "") {
			t.Errorf("%s: nobody is told: %+v", c.name, r)
		}
	}
}

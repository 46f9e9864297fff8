package kubernetes_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/kubernetes"
	"github.com/oakum-sec/oakum/remediate/store"
)

// One control plane for all: it takes five seconds to start.
func TestAgainstARealAPIServer(t *testing.T) {
	w := newWorld(t)
	for name, run := range map[string]func(*testing.T, *world){
		"restart": restarts, "refused": refuses, "broken": broken, "raced": raced, "conformance": conformance,
		"secret": secretObject, "secret of others": secretOfOthers, "external": external, "identities": identities,
	} {
		t.Run(name, func(t *testing.T) { w.t = t; run(t, w) })
	}
}

// Each kind of workload is restarted once, however often it is asked for, and once more
// to go back.
func restarts(t *testing.T, w *world) {
	for kind, spec := range map[string]string{
		"Deployment": `"replicas":2`, "StatefulSet": `"replicas":2,"serviceName":"x"`, "DaemonSet": ``,
	} {
		name := "re-" + strings.ToLower(kind)
		w.workload(kind, name, spec, "")
		c := w.parse(kubernetes.ParseRollout, "kind: kubernetes-rollout\nworkload: "+strings.ToLower(kind)+"/"+name+"\nnamespace: shop\nwithin: 2h\nkubeconfig: "+w.Kubeconfig)
		u, other := update(t, 1), update(t, 2)
		if _, err := c.(consumer.Checker).Check(t.Context(), u); err != nil {
			t.Error(err)
		}
		done(t, c, u, false)
		for range 2 {
			if err := c.Do(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
		done(t, c, u, true)
		if err := c.Do(t.Context(), other); err != nil { // another rotation's restart serves the first one too
			t.Fatal(err)
		}
		done(t, c, u, true)
		done(t, c, other, true)
		for range 2 {
			if err := c.Undo(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
		done(t, c, u, false)
		if got := w.generation(strings.ToLower(kind), name); got != 4 {
			t.Errorf("%s: generation %d, expected the first and three restarts", kind, got)
		}
	}
}

func refuses(t *testing.T, w *world) {
	w.workload("StatefulSet", "split", `"replicas":2,"serviceName":"x","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":1}}`, "")
	w.workload("DaemonSet", "byhand", `"updateStrategy":{"type":"OnDelete"}`, "")
	w.workload("Deployment", "paused", `"paused":true`, "")
	for workload, word := range map[string]string{"statefulset/split": "partition", "daemonset/byhand": "OnDelete", "deployment/paused": "paused", "deployment/nobody": "no deployment nobody"} {
		c := w.parse(kubernetes.ParseRollout, "kind: kubernetes-rollout\nworkload: "+workload+"\nkubeconfig: "+w.gate)
		_, err := c.(consumer.Checker).Check(t.Context(), update(t, 3))
		if !errors.Is(err, consumer.ErrUnfit) || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", workload, err)
		}
		if err := c.Do(t.Context(), update(t, 3)); !errors.Is(err, consumer.ErrUnfit) {
			t.Errorf("%s: %v", workload, err)
		}
	}
}

// New pods that do not come up are told of, and the old ones go on.
func broken(t *testing.T, w *world) {
	w.workload("Deployment", "broken", `"replicas":1,"progressDeadlineSeconds":2`, `,"broken":"yes"`)
	c := w.parse(kubernetes.ParseRollout, "kind: kubernetes-rollout\nworkload: deployment/broken\nkubeconfig: "+w.gate)
	w.available("broken", 1)
	u := update(t, 4)
	err := c.Do(t.Context(), u)
	if err == nil || !strings.Contains(err.Error(), "progress deadline") {
		t.Errorf("%v", err)
	}
	done(t, c, u, false)
	var o struct {
		Status struct{ AvailableReplicas int }
	}
	w.get("apis/apps/v1/namespaces/shop/deployments/broken", &o)
	if o.Status.AvailableReplicas != 1 {
		t.Errorf("%d pods answer", o.Status.AvailableReplicas)
	}
	w.workload("Deployment", "slow", `"replicas":1`, `,"broken":"yes"`)
	c = w.parse(kubernetes.ParseRollout, "kind: kubernetes-rollout\nworkload: deployment/slow\nwithin: 3s\nkubeconfig: "+w.gate)
	if err := c.Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "after 3s it is not there") {
		t.Errorf("%v", err)
	}
}

// Somebody else changes the workload between the look and the change.
func raced(t *testing.T, w *world) {
	w.workload("Deployment", "busy", `"replicas":1`, "")
	n := 0
	w.faults(func(r *http.Request) bool {
		if r.Method == "PATCH" && n < 3 {
			n++
			w.must("PATCH", "apis/apps/v1/namespaces/shop/deployments/busy", fmt.Sprintf(`{"metadata":{"labels":{"n":"%d"}}}`, n))
		}
		return false
	}, nil)
	c, u := w.parse(kubernetes.ParseRollout, "kind: kubernetes-rollout\nworkload: deployment/busy\nkubeconfig: "+w.gate), update(t, 9)
	if err := c.Do(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	w.faults(nil, nil)
	if got := w.generation("deployment", "busy"); n != 3 || got != 2 {
		t.Errorf("%d changes between, generation %d", n, got)
	}
}

// applied is a Secret as kubectl apply leaves it.
func (w *world) applied(name, extra string, data map[string]string) {
	w.t.Helper()
	in := map[string]string{}
	for k, v := range data {
		in[k] = base64.StdEncoding.EncodeToString([]byte(v))
	}
	d, _ := json.Marshal(in)
	last, _ := json.Marshal(fmt.Sprintf(`{"data":%s,"kind":"Secret"}`, d))
	w.must("POST", "api/v1/namespaces/shop/secrets", fmt.Sprintf(`{"metadata":{"name":%q,"annotations":{"kubectl.kubernetes.io/last-applied-configuration":%s}%s},"data":%s}`, name, last, extra, d))
}

// values are a Secret's, and its annotations as one text.
func (w *world) values(name string) (map[string]string, string) {
	w.t.Helper()
	var o struct {
		Metadata struct{ Annotations map[string]string }
		Data     map[string][]byte
	}
	w.get("api/v1/namespaces/shop/secrets/"+name, &o)
	out := map[string]string{}
	for k, v := range o.Data {
		out[k] = string(v)
	}
	return out, fmt.Sprint(o.Metadata.Annotations)
}

const secretText = "kind: kubernetes-secret\nname: %s\nkubeconfig: %s\ndata:\n  password: password\n  dsn: '{username}:{password|url}'\n"

func secretObject(t *testing.T, w *world) {
	u := update(t, 11)
	dsn := func(f map[string]leak.Secret) string {
		s, _ := consumer.ParseShape("{username}:{password|url}")
		v, err := s.Of(f)
		if err != nil {
			t.Fatal(err)
		}
		return store.Plain(v)
	}
	old := map[string]string{"password": store.Plain(u.Old["password"]), "dsn": dsn(u.Old), "other": "stays"}
	w.applied("db", "", old)
	c := w.parse(kubernetes.ParseSecret, fmt.Sprintf(secretText, "db", w.gate))
	if notes, err := c.(consumer.Checker).Check(t.Context(), u); err != nil || len(notes) != 1 {
		t.Errorf("%v, %v", notes, err)
	}
	done(t, c, u, false)
	lost := false
	w.faults(nil, func(r *http.Request) bool {
		defer func() { lost = lost || r.Method == "PATCH" }()
		return r.Method == "PATCH" && !lost
	})
	if err := c.Do(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	w.faults(nil, nil)
	done(t, c, u, true)
	got, annotations := w.values("db")
	if got["password"] != store.Plain(u.New["password"]) || got["dsn"] != dsn(u.New) || got["other"] != "stays" {
		t.Error("it does not hold what it should")
	}
	if strings.Contains(annotations, base64.StdEncoding.EncodeToString([]byte(old["password"]))) {
		t.Error("the old value stays in what kubectl remembers")
	}
	if !lost || !strings.Contains(annotations, u.Op) {
		t.Error(annotations)
	}
	if err := c.Undo(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	if got, _ := w.values("db"); got["password"] != old["password"] || got["dsn"] != old["dsn"] {
		t.Error("it does not hold what it held")
	}
	u.Old = nil
	if err := c.Undo(t.Context(), u); !errors.Is(err, consumer.ErrNoWayBack) {
		t.Error(err)
	}
}

func secretOfOthers(t *testing.T, w *world) {
	u := update(t, 12)
	old := map[string]string{"password": store.Plain(u.Old["password"]), "dsn": "someone's"}
	w.applied("changed", "", old)
	w.applied("owned", `,"ownerReferences":[{"apiVersion":"external-secrets.io/v1","kind":"ExternalSecret","name":"o","uid":"1","controller":true}]`, old)
	w.applied("lacking", "", map[string]string{"password": old["password"]})
	w.applied("fixed", "", old)
	w.must("PATCH", "api/v1/namespaces/shop/secrets/fixed", `{"immutable":true}`)
	for name, want := range map[string]error{"changed": consumer.ErrChanged, "owned": consumer.ErrUnfit, "lacking": consumer.ErrUnfit, "fixed": consumer.ErrUnfit} {
		before, _ := w.values(name)
		err := w.parse(kubernetes.ParseSecret, fmt.Sprintf(secretText, name, w.gate)).Do(t.Context(), u)
		if !errors.Is(err, want) || strings.Contains(err.Error(), old["password"]) || strings.Contains(err.Error(), store.Plain(u.New["password"])) {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := w.values(name); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s was changed", name)
		}
	}
}

// defineExternals makes the operator's kind known to the cluster, once. Before, a cluster
// is one without the operator.
func (w *world) defineExternals() {
	w.t.Helper()
	if code, _ := w.Do(w.t, "GET", "apis/external-secrets.io/v1/namespaces/shop/externalsecrets", "", nil); code == 200 {
		return
	}
	if _, err := w.parse(kubernetes.ParseExternalSecret, "kind: x\nname: db\nkubeconfig: "+w.gate).Done(w.t.Context(), update(w.t, 20)); !errors.Is(err, consumer.ErrUnfit) {
		w.t.Errorf("a cluster without the operator: %v", err)
	}
	w.must("POST", "apis/apiextensions.k8s.io/v1/customresourcedefinitions", `{"metadata":{"name":"externalsecrets.external-secrets.io"},"spec":{"group":"external-secrets.io","scope":"Namespaced",
 "names":{"kind":"ExternalSecret","plural":"externalsecrets","singular":"externalsecret"},"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
 "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`)
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if code, _ := w.Do(w.t, "GET", "apis/external-secrets.io/v1/namespaces/shop/externalsecrets", "", nil); code == 200 || time.Now().After(end) {
			break
		}
	}
}

// external: the operator is not to be had here. What it does is written after its source
// (shouldRefresh, getResourceVersion in externalsecret_controller.go): it syncs where the
// object's labels and annotations are others than at the last time.
func external(t *testing.T, w *world) {
	w.defineExternals()
	path := "apis/external-secrets.io/v1/namespaces/shop/externalsecrets"
	w.must("POST", path, `{"apiVersion":"external-secrets.io/v1","kind":"ExternalSecret","metadata":{"name":"ext"},"spec":{"target":{"name":"made"}}}`)
	w.must("PATCH", path+"/ext/status", `{"status":{"syncedResourceVersion":"1-","conditions":[{"type":"Ready","status":"True"}]}}`)
	u := update(t, 21)
	w.applied("made", "", map[string]string{"password": store.Plain(u.Old["password"])})
	c := w.parse(kubernetes.ParseExternalSecret, "kind: x\nname: ext\nwithin: 100s\nkubeconfig: "+w.gate+"\ndata: {password: password}")
	inStore, ready := u.New, "True"
	operator := func(r *http.Request) bool {
		if r.Method != "GET" || !strings.HasSuffix(r.URL.Path, "/ext") {
			return false
		}
		var o struct {
			Metadata struct{ Annotations map[string]string }
			Status   struct{ SyncedResourceVersion string }
		}
		w.get(path+"/ext", &o)
		version := "1-" + o.Metadata.Annotations["force-sync"]
		if version == o.Status.SyncedResourceVersion {
			return false
		}
		if ready == "False" {
			version = o.Status.SyncedResourceVersion
		} else {
			value, _ := json.Marshal(map[string]any{"data": map[string][]byte{"password": []byte(store.Plain(inStore["password"]))}})
			w.must("PATCH", "api/v1/namespaces/shop/secrets/made", string(value))
		}
		w.must("PATCH", path+"/ext/status", fmt.Sprintf(`{"status":{"syncedResourceVersion":%q,"conditions":[{"type":"Ready","status":%q,"reason":"SecretSyncedError"}]}}`, version, ready))
		return false
	}
	w.faults(operator, nil)
	defer w.faults(nil, nil)
	for range 2 {
		if err := c.Do(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	done(t, c, u, true)
	inStore = u.Old
	if err := c.Undo(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	done(t, c, u, false)
	// The operator cannot read the store; and it reads another value than the new one.
	u, ready = update(t, 22), "False"
	u.Old = inStore
	c = w.parse(kubernetes.ParseExternalSecret, "kind: x\nname: ext\nwithin: 3s\nkubeconfig: "+w.gate+"\ndata: {password: password}")
	if err := c.Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "SecretSyncedError") {
		t.Errorf("%v", err)
	}
	ready = "True"
	if err := c.Do(t.Context(), u); err == nil || !strings.Contains(err.Error(), "another value") {
		t.Errorf("%v", err)
	}
}

// The ways to be somebody: a service account's token, in a file as a pod has it; an exec
// plugin; and somebody who may not.
func identities(t *testing.T, w *world) {
	w.must("POST", "api/v1/namespaces/shop/serviceaccounts", `{"metadata":{"name":"rotator"}}`)
	var answer struct{ Status struct{ Token string } }
	if err := json.Unmarshal(w.must("POST", "api/v1/namespaces/shop/serviceaccounts/rotator/token", `{"spec":{}}`), &answer); err != nil {
		t.Fatal(err)
	}
	w.workload("Deployment", "who", `"replicas":1`, "")
	dir := t.TempDir()
	w.file(filepath.Join(dir, "token"), answer.Status.Token)
	w.file(filepath.Join(dir, "ca.crt"), string(w.CA))
	config := func(user string) string {
		name := filepath.Join(dir, "kubeconfig")
		w.file(name, fmt.Sprintf(`{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u","namespace":"shop"}}],
 "clusters":[{"name":"c","cluster":{"server":%q,"certificate-authority":"ca.crt"}}],"users":[{"name":"u","user":%s}]}`, w.URL, user))
		return "kind: x\nworkload: deployment/who\nkubeconfig: " + name
	}
	file := config(`{"tokenFile":"token"}`)
	if _, err := w.parse(kubernetes.ParseRollout, file).Done(t.Context(), update(t, 30)); err == nil || !strings.Contains(err.Error(), "a Role has to allow get and patch of deployments") {
		t.Errorf("nobody's account: %v", err)
	}
	w.must("POST", "apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles", `{"metadata":{"name":"r"},"rules":[{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get","patch"]}]}`)
	w.must("POST", "apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings", `{"metadata":{"name":"r"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"rotator","namespace":"shop"}]}`)
	c, u := w.parse(kubernetes.ParseRollout, file), update(t, 31)
	if err := c.Do(t.Context(), u); err != nil {
		t.Errorf("with get and patch alone: %v", err)
	}
	plugin := filepath.Join(dir, "plugin")
	w.file(plugin, "#!/bin/sh\nprintf '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"%s\"}}' \"$(cat \"$1\")\"\n")
	executable(t, plugin)
	exec := `{"exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"./plugin","args":["` + filepath.Join(dir, "token") + `"],"interactiveMode":"Never"}}`
	done(t, w.parse(kubernetes.ParseRollout, config(exec)), u, true)
	w.file(plugin, "#!/bin/sh\ncat \"$1\"\n")
	_, err := w.parse(kubernetes.ParseRollout, config(exec)).Done(t.Context(), u)
	if err == nil || !strings.Contains(err.Error(), "ExecCredential") || strings.Contains(err.Error(), answer.Status.Token) {
		t.Errorf("%v", err)
	}
	_, err = w.parse(kubernetes.ParseRollout, config(`{"token":"`+answer.Status.Token[:20]+`"}`)).Done(t.Context(), u)
	if err == nil || !strings.Contains(err.Error(), "not accepted") {
		t.Errorf("%v", err)
	}
}

package admit

import (
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// untouched are subresources that bring no text of a template: what they carry is a
// number, a node's name or a state. One that is not listed is looked at.
var untouched = map[string]bool{
	"status": true, "scale": true, "binding": true, "eviction": true, "log": true, "exec": true, "attach": true,
	"portforward": true, "proxy": true, "token": true, "finalize": true, "approval": true,
}

// passes tells what there is nothing to look for in, before anything is parsed.
func (r *request) passes(o, old *object) bool {
	switch {
	case r.operation == update && o.deleting:
		return true
	case r.operation == update && old != nil && o.saysTheSame(old):
		return true
	}
	return r.mirrors(o)
}

// bringsNothing is what passes tells from the envelope alone.
func (r *request) bringsNothing() bool {
	return r.operation != create && r.operation != update || untouched[r.subresource] || rawjson.Empty(r.object.text) || r.told()
}

// told are kinds that tell what happened, many a second: leases and events.
func (r *request) told() bool {
	switch r.group {
	case "coordination.k8s.io":
		return r.kind == "Lease"
	case "", "events.k8s.io":
		return r.kind == "Event"
	}
	return false
}

// mirrors tells a pod by which a kubelet shows a static pod of its node
// (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/): it runs
// already. Who is no kubelet does not make one by writing the annotation.
func (r *request) mirrors(o *object) bool {
	return r.group == "" && r.kind == "Pod" && strings.HasPrefix(r.user.Name, "system:node:") &&
		slices.Contains(r.user.Groups, "system:nodes") && o.annotation("kubernetes.io/config.mirror") != ""
}

// builtInControllers are the users of those of kube-controller-manager that make objects
// from templates: with credentials of their own (the default of every distributor), or
// the manager's.
var builtInControllers = []string{
	"system:serviceaccount:kube-system:replicaset-controller",
	"system:serviceaccount:kube-system:deployment-controller",
	"system:serviceaccount:kube-system:statefulset-controller",
	"system:serviceaccount:kube-system:daemon-set-controller",
	"system:serviceaccount:kube-system:job-controller",
	"system:serviceaccount:kube-system:cronjob-controller",
	"system:serviceaccount:kube-system:replication-controller",
	"system:kube-controller-manager",
}

// BuiltInControllers are those users, for the tier that runs in the API server.
func BuiltInControllers() []string { return slices.Clone(builtInControllers) }

// controlled tells an object that a controller made from a template: by who made it,
// which nobody else can be, and by its owner.
func (a *Admitter) controlled(r *request, o *object) bool {
	if a.opt.Controlled == ControlledDeny || !slices.Contains(builtInControllers, r.user.Name) && !slices.Contains(a.opt.Controllers, r.user.Name) {
		return false
	}
	owned := false
	rawjson.Elements(of(o.meta, "ownerReferences"), func(_ int, owner []byte) bool {
		owned = owned || string(rawjson.Field(owner, "controller")) == "true"
		return true
	})
	return owned
}

// Package kubernetes tells workloads of a cluster that a credential has changed: it has
// an ExternalSecret refreshed, writes a Secret, restarts a Deployment, StatefulSet or
// DaemonSet as `kubectl rollout restart` does, and waits until the new pods are there.
//
// What it did is written on the object, as the ids of the last rotations in the
// annotation oakum-sec.github.io/op: whoever looks later, on another machine too, sees
// it there. Every change is made on the version of the object that was looked at; a
// conflict is looked at again.
//
// The API is asked by plain HTTP with a kubeconfig (certificates, tokens, exec plugins)
// or a pod's service account. Kubernetes' own client would add 3.7 MB (client-go 0.37,
// clientcmd and dynamic, stripped) to a program that makes three kinds of requests.
//
// Its limits: pods that nothing restarts (bare ones, Jobs) are not looked for; a
// DaemonSet or StatefulSet that is updated by hand (OnDelete, a partition) is refused.
package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

const (
	annotationOp      = "oakum-sec.github.io/op"
	annotationSynced  = "oakum-sec.github.io/synced-before"
	annotationRestart = "kubectl.kubernetes.io/restartedAt"
	annotationApplied = "kubectl.kubernetes.io/last-applied-configuration"
	annotationForce   = "force-sync" // https://external-secrets.io/latest/introduction/faq/
)

// Where says which cluster and where in it. Every kind of consumer has these keys.
type Where struct {
	Kubeconfig string          `yaml:"kubeconfig"` // "": KUBECONFIG, ~/.kube/config, or the pod's own service account
	Context    string          `yaml:"context"`    // "": the current one
	Namespace  string          `yaml:"namespace"`  // "": the context's
	Within     consumer.Within `yaml:"within"`     // how long a rollout or a refresh may take
}

// cluster is the API of one, opened when it is first asked.
type cluster struct {
	where   Where
	o       consumer.Options
	lock    sync.Mutex
	api     *rest.Client
	inSpace string
}

func (c *cluster) client() (*rest.Client, string, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.api != nil {
		return c.api, c.inSpace, nil
	}
	k, err := load(c.where.Kubeconfig, c.where.Context, c.o.Getenv)
	if err != nil {
		return nil, "", err
	}
	if c.where.Namespace != "" {
		k.namespace = c.where.Namespace
	}
	if c.api, err = k.client(c.o.Pause); err != nil {
		return nil, "", err
	}
	c.inSpace = k.namespace
	return c.api, c.inSpace, nil
}

// meta is what is read of every object.
type meta struct {
	Metadata struct {
		Name            string            `json:"name"`
		Namespace       string            `json:"namespace"`
		Generation      int64             `json:"generation"`
		ResourceVersion string            `json:"resourceVersion"`
		Annotations     map[string]string `json:"annotations"`
		Labels          map[string]string `json:"labels"`
		Owners          []struct {
			Kind       string `json:"kind"`
			Name       string `json:"name"`
			Controller bool   `json:"controller"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
}

// get reads an object below a namespace: path is "apis/apps/v1 deployments orders".
func (c *cluster) get(ctx context.Context, api, resource, name string, into any) error {
	client, space, err := c.client()
	if err != nil {
		return err
	}
	_, err = client.Do(ctx, rest.Call{Method: http.MethodGet, Path: at(api, space, resource, name), Into: into})
	return c.told(err, resource, space, name)
}

func at(api, space, resource, name string) string {
	return api + "/namespaces/" + space + "/" + resource + "/" + name
}

// patch changes an object that is still the version that was read. A conflict is an
// errConflict.
func (c *cluster) patch(ctx context.Context, api, resource, name, version string, change map[string]any, hide ...leak.Secret) error {
	client, space, err := c.client()
	if err != nil {
		return err
	}
	metadata, _ := change["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		change["metadata"] = metadata
	}
	metadata["resourceVersion"] = version
	_, err = client.Do(ctx, rest.Call{Method: http.MethodPatch, Path: at(api, space, resource, name) + "?fieldManager=oakum",
		Type: "application/merge-patch+json", Body: change, Hide: hide})
	if rest.StatusOf(err) == http.StatusConflict {
		return errConflict
	}
	return c.told(err, resource, space, name)
}

var errConflict = errors.New("it is changed all the time by somebody else")

// told says which permission is missing, or what is not there.
func (c *cluster) told(err error, resource, space, name string) error {
	switch rest.StatusOf(err) {
	case http.StatusNotFound:
		return fmt.Errorf("%w: the cluster has no %s %s in namespace %s", consumer.ErrUnfit, strings.TrimSuffix(resource, "s"), name, space)
	case http.StatusForbidden:
		return fmt.Errorf("%w; a Role has to allow get and patch of %s in namespace %s", err, resource, space)
	}
	return err
}

// settle does something to an object's newest version until nobody else was faster.
func (c *cluster) settle(ctx context.Context, do func() error) (err error) {
	for range 6 {
		if err = do(); !errors.Is(err, errConflict) {
			return err
		}
		if werr := c.o.Wait(ctx, 200*time.Millisecond); werr != nil {
			return werr
		}
	}
	return err
}

// ops are the rotations that an annotation names: a credential is rotated while others
// are, not more than these at once.
var ops = consumer.Ops{Separator: ",", Max: 8}

var objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// named refuses what is no object's name: it becomes part of a path.
func named(what, name string) error {
	if !objectName.MatchString(name) || len(name) > 253 {
		return fmt.Errorf("%s: %q is no name of an object in a cluster", what, name)
	}
	return nil
}

func (w Where) validate() error {
	if w.Namespace != "" {
		return named("namespace", w.Namespace)
	}
	return nil
}

// label is how a consumer is called before its cluster is asked for its namespace.
func (w Where) label(kind, name string) string {
	s := "kubernetes " + kind + " "
	if w.Namespace != "" {
		s += w.Namespace + "/"
	}
	s += name
	if w.Context != "" {
		s += " in context " + w.Context
	}
	return s
}

// ready is what an object's condition says.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// of finds a condition by its type.
func of(all []condition, kind string) condition {
	for _, c := range all {
		if c.Type == kind {
			return c
		}
	}
	return condition{}
}

// raw reads JSON that an annotation holds.
func raw(text string) (m map[string]any, ok bool) {
	return m, json.Unmarshal([]byte(text), &m) == nil && m != nil
}

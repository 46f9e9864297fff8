package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

// external is an ExternalSecret: the operator of that name copies the store's value
// into a Secret, by the hour as a rule.
type external struct {
	*cluster
	name    string
	data    map[string]consumer.Shape // of the Secret, compared where it may be read
	version string                    // "apis/external-secrets.io/v1", asked once
}

// ParseExternalSecret reads
//
//	kind: kubernetes-external-secret
//	name: orders-db
//	namespace: shop
//	data:                   # optional: keys of the Secret that are compared
//	  password: password
func ParseExternalSecret(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Where `yaml:",inline"`
		Name  string                    `yaml:"name"`
		Data  map[string]consumer.Shape `yaml:"data"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if err := errors.Join(named("name", s.Name), s.validate()); err != nil {
		return nil, err
	}
	return &external{cluster: &cluster{where: s.Where, o: o}, name: s.Name, data: s.Data}, nil
}

func (e *external) String() string { return e.where.label("externalsecret", e.name) }

func (e *external) Risk() string {
	return "the operator reads the store once more and writes the Secret; pods see it in mounted files after a minute or so, and in variables after they are started again: name them as a kubernetes-rollout behind this. Taken back by another refresh, once the store holds the old value again."
}

const externalGroup = "external-secrets.io"

// api is the group with the version that the cluster prefers.
func (e *external) api(ctx context.Context) (string, error) {
	if e.version != "" {
		return e.version, nil
	}
	client, _, err := e.client()
	if err != nil {
		return "", err
	}
	var group struct {
		Preferred struct {
			Version string `json:"version"`
		} `json:"preferredVersion"`
	}
	_, err = client.Do(ctx, rest.Call{Method: http.MethodGet, Path: "apis/" + externalGroup, Into: &group})
	if rest.StatusOf(err) == http.StatusNotFound || err == nil && group.Preferred.Version == "" {
		return "", fmt.Errorf("%w: the cluster has no External Secrets Operator (no API group %s)", consumer.ErrUnfit, externalGroup)
	}
	if err != nil {
		return "", err
	}
	e.version = "apis/" + externalGroup + "/" + group.Preferred.Version
	return e.version, nil
}

type externalObject struct {
	meta
	Spec struct {
		Policy string `json:"refreshPolicy"`
		Target struct {
			Name      string `json:"name"`
			Immutable bool   `json:"immutable"`
		} `json:"target"`
	} `json:"spec"`
	Status struct {
		Synced     string      `json:"syncedResourceVersion"`
		Refreshed  string      `json:"refreshTime"`
		Conditions []condition `json:"conditions"`
	} `json:"status"`
}

func (e *external) read(ctx context.Context) (o externalObject, err error) {
	api, err := e.api(ctx)
	if err == nil {
		err = e.get(ctx, api, "externalsecrets", e.name, &o)
	}
	return o, err
}

func (e *external) fit(o externalObject) error {
	switch {
	case o.Spec.Policy == "CreatedOnce":
		return fmt.Errorf("%w: %s is read once (refreshPolicy: CreatedOnce): make it Periodic or OnChange", consumer.ErrUnfit, e)
	case o.Spec.Target.Immutable:
		return fmt.Errorf("%w: %s makes an immutable Secret, which the operator never writes again", consumer.ErrUnfit, e)
	}
	return nil
}

func (e *external) Check(ctx context.Context, _ consumer.Update) (notes []string, err error) {
	o, err := e.read(ctx)
	if err != nil {
		return nil, err
	}
	if c := of(o.Status.Conditions, "Ready"); c.Status == "False" {
		notes = append(notes, fmt.Sprintf("%s is not in order now: %s %s", e, c.Reason, c.Message))
	}
	return notes, e.fit(o)
}

func (e *external) Done(ctx context.Context, u consumer.Update) (bool, error) {
	o, err := e.read(ctx)
	if err != nil || !ops.Has(o.Metadata.Annotations[annotationOp], u.Op) {
		return false, err
	}
	waiting, err := e.waiting(ctx, o, u.New)
	return waiting == "" && err == nil, err
}

// waiting is what a refresh still waits for, "" where it is over.
//
// The operator writes what it has synced as the object's generation and a hash of its
// labels and annotations (status.syncedResourceVersion), so that after our annotation
// another one has to stand there than before.
func (e *external) waiting(ctx context.Context, o externalObject, fields map[string]leak.Secret) (string, error) {
	c := of(o.Status.Conditions, "Ready")
	switch {
	case o.Status.Synced == "" || o.Status.Synced == o.Metadata.Annotations[annotationSynced]:
		if c.Status == "False" {
			return "the operator says " + c.Reason + ": " + c.Message, nil
		}
		return "the operator has not taken it up", nil
	case c.Status != "True":
		return "the operator says " + c.Reason + ": " + c.Message, nil
	case len(e.data) == 0:
		return "", nil
	}
	name := o.Spec.Target.Name
	if name == "" {
		name = e.name
	}
	s := &secret{e.cluster, name, e.data}
	made, err := s.read(ctx)
	if err != nil {
		return "", err
	}
	if same, err := s.holds(made, fields); err != nil || same {
		return "", err
	}
	return "the operator has synced, and Secret " + name + " holds another value: does the ExternalSecret name a version, or another entry?", nil
}

func (e *external) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return e.refresh(ctx, u.Op, consumer.UndoOp(u.Op), u.New)
}

func (e *external) Undo(ctx context.Context, u consumer.Update) error {
	back, err := u.Back()
	if err != nil && len(e.data) > 0 {
		return fmt.Errorf("%s: %w", e, err)
	}
	return e.refresh(ctx, consumer.UndoOp(u.Op), u.Op, back.New)
}

func (e *external) refresh(ctx context.Context, id, counterpart string, fields map[string]leak.Secret) error {
	api, err := e.api(ctx)
	if err != nil {
		return err
	}
	err = e.settle(ctx, func() error {
		o, err := e.read(ctx)
		if err != nil {
			return err
		}
		list := o.Metadata.Annotations[annotationOp]
		if ops.Has(list, id) {
			return nil
		}
		if err := e.fit(o); err != nil {
			return err
		}
		return e.patch(ctx, api, "externalsecrets", e.name, o.Metadata.ResourceVersion, map[string]any{
			"metadata": map[string]any{"annotations": map[string]any{
				annotationOp: ops.Add(list, id, counterpart), annotationForce: id, annotationSynced: o.Status.Synced,
			}},
		})
	})
	if err != nil {
		return err
	}
	return e.o.Until(ctx, e.where.Within.Or(5*time.Minute), 500*time.Millisecond, func() (bool, string, error) {
		o, err := e.read(ctx)
		if err != nil {
			return false, "", err
		}
		waiting, err := e.waiting(ctx, o, fields)
		return waiting == "", e.String() + ": " + waiting, err
	})
}

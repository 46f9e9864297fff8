package kubernetes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/store"
)

// secret is a Secret that nobody else writes.
type secret struct {
	*cluster
	name string
	data map[string]consumer.Shape
}

// ParseSecret reads
//
//	kind: kubernetes-secret
//	name: orders-db
//	namespace: shop
//	data:
//	  password: password
//	  url: "postgres://{username|url}:{password|url}@db/orders"
func ParseSecret(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Where `yaml:",inline"`
		Name  string                    `yaml:"name"`
		Data  map[string]consumer.Shape `yaml:"data"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	if len(s.Data) == 0 {
		return nil, errors.New("data: name the keys of the Secret that hold the credential, each with its field")
	}
	if err := errors.Join(named("name", s.Name), s.validate()); err != nil {
		return nil, err
	}
	return &secret{&cluster{where: s.Where, o: o}, s.Name, s.Data}, nil
}

func (s *secret) String() string { return s.where.label("secret", s.name) }

func (s *secret) Risk() string {
	return "pods see the new value in mounted files after a minute or so, and in variables after they are started again: name them as a kubernetes-rollout behind this. A manifest in git that holds the old value brings it back when it is applied. Taken back by writing the old value."
}

type secretObject struct {
	meta
	Data      map[string][]byte `json:"data"` // JSON's bytes are base64, as Kubernetes'
	Immutable bool              `json:"immutable"`
}

func (s *secret) read(ctx context.Context) (o secretObject, err error) {
	err = s.get(ctx, "api/v1", "secrets", s.name, &o)
	return o, err
}

// fit refuses a Secret that something else would write again.
func (s *secret) fit(o secretObject) error {
	for _, owner := range o.Metadata.Owners {
		if owner.Controller {
			return fmt.Errorf("%w: %s is kept by %s %s, which would write it again: change it there, or use kind: kubernetes-external-secret", consumer.ErrUnfit, s, owner.Kind, owner.Name)
		}
	}
	if o.Metadata.Labels["reconcile.external-secrets.io/managed"] == "true" {
		return fmt.Errorf("%w: %s is kept by an ExternalSecret: use kind: kubernetes-external-secret", consumer.ErrUnfit, s)
	}
	if o.Immutable {
		return fmt.Errorf("%w: %s is immutable: make a Secret of another name, and have the workload name that", consumer.ErrUnfit, s)
	}
	for _, key := range slices.Sorted(maps.Keys(s.data)) {
		if _, ok := o.Data[key]; !ok {
			return fmt.Errorf("%w: %s has no key %s", consumer.ErrUnfit, s, key)
		}
	}
	return nil
}

func (s *secret) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	o, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case o.Metadata.Labels["app.kubernetes.io/managed-by"] == "Helm":
		notes = append(notes, s.String()+" is a Helm release's: the next helm upgrade writes what its values say")
	case o.Metadata.Annotations["argocd.argoproj.io/tracking-id"] != "" || o.Metadata.Labels["kustomize.toolkit.fluxcd.io/name"] != "":
		notes = append(notes, s.String()+" is kept in git: Argo CD or Flux writes what stands there")
	case o.Metadata.Annotations[annotationApplied] != "":
		notes = append(notes, s.String()+" was made by kubectl apply: applying its manifest again brings the old value back")
	}
	return notes, s.fit(o)
}

func (s *secret) Done(ctx context.Context, u consumer.Update) (bool, error) {
	o, err := s.read(ctx)
	if err != nil {
		return false, err
	}
	return s.holds(o, u.New)
}

func (s *secret) holds(o secretObject, fields map[string]leak.Secret) (bool, error) {
	for key, shape := range s.data {
		want, err := shape.Of(fields)
		if err != nil {
			return false, fmt.Errorf("data.%s: %w", key, err)
		}
		if !leak.NewSecret(o.Data[key]).Equal(want) {
			return false, nil
		}
	}
	return true, nil
}

func (s *secret) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return s.write(ctx, u, u.Op, consumer.UndoOp(u.Op))
}

func (s *secret) Undo(ctx context.Context, u consumer.Update) error {
	back, err := u.Back()
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return s.write(ctx, back, consumer.UndoOp(u.Op), u.Op)
}

func (s *secret) write(ctx context.Context, u consumer.Update, id, counterpart string) error {
	return s.settle(ctx, func() error {
		o, err := s.read(ctx)
		if err != nil {
			return err
		}
		if done, err := s.holds(o, u.New); done || err != nil {
			return err
		}
		if err := s.fit(o); err != nil {
			return err
		}
		data, hide := map[string]any{}, u.Secrets()
		for _, key := range slices.Sorted(maps.Keys(s.data)) {
			want, from, err := s.data[key].Both(u)
			if err != nil {
				return fmt.Errorf("data.%s: %w", key, err)
			}
			done, err := consumer.Standing(fmt.Sprintf("%s, data.%s,", s, key), leak.NewSecret(o.Data[key]), want, from)
			if err != nil {
				return err
			}
			if !done {
				data[key] = base64.StdEncoding.EncodeToString([]byte(store.Plain(want)))
				hide = append(hide, want)
			}
		}
		annotations := map[string]any{annotationOp: ops.Add(o.Metadata.Annotations[annotationOp], id, counterpart)}
		if text, ok := s.forget(o.Metadata.Annotations[annotationApplied]); ok {
			annotations[annotationApplied] = text
		}
		return s.patch(ctx, "api/v1", "secrets", s.name, o.Metadata.ResourceVersion,
			map[string]any{"data": data, "metadata": map[string]any{"annotations": annotations}}, hide...)
	})
}

// forget takes our keys out of what kubectl apply remembers: else the old value stays
// in an annotation that whoever lists Secrets' metadata sees.
func (s *secret) forget(applied string) (string, bool) {
	object, ok := raw(applied)
	if !ok {
		return "", false
	}
	changed := false
	for _, part := range []string{"data", "stringData"} {
		m, _ := object[part].(map[string]any)
		for key := range s.data {
			if _, there := m[key]; there {
				delete(m, key)
				changed = true
			}
		}
	}
	if !changed {
		return "", false
	}
	b, err := json.Marshal(object)
	return string(b) + "\n", err == nil
}

package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
)

// rollout is a workload whose pods read the credential when they start.
type rollout struct {
	*cluster
	kind string // "deployment", "statefulset", "daemonset"
	name string
}

// ParseRollout reads
//
//	kind: kubernetes-rollout
//	workload: deployment/orders   # or statefulset/, daemonset/
//	namespace: shop
func ParseRollout(n *yaml.Node, o consumer.Options) (consumer.Consumer, error) {
	var s struct {
		Where    `yaml:",inline"`
		Workload string `yaml:"workload"`
	}
	if err := consumer.Decode(n, &s); err != nil {
		return nil, err
	}
	kind, name, _ := strings.Cut(s.Workload, "/")
	if kind = strings.ToLower(kind); kind != "deployment" && kind != "statefulset" && kind != "daemonset" {
		return nil, errors.New("workload: write deployment/NAME, statefulset/NAME or daemonset/NAME")
	}
	if err := errors.Join(named("workload", name), s.validate()); err != nil {
		return nil, err
	}
	return &rollout{&cluster{where: s.Where, o: o}, kind, name}, nil
}

func (r *rollout) String() string { return r.where.label(r.kind, r.name) }

func (r *rollout) Risk() string {
	return "its pods are replaced one after the other, as by `kubectl rollout restart`; one that does not come up with the new value holds the rollout, and the old pods go on. Taken back by another restart, once the store holds the old value again."
}

// workload is what is read of one.
type workload struct {
	meta
	Spec struct {
		Replicas *int32 `json:"replicas"`
		Paused   bool   `json:"paused"`
		Template struct {
			Metadata struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"metadata"`
		} `json:"template"`
		Update struct {
			Type    string `json:"type"`
			Rolling *struct {
				Partition int32 `json:"partition"`
			} `json:"rollingUpdate"`
		} `json:"updateStrategy"`
	} `json:"spec"`
	Status struct {
		Observed    int64       `json:"observedGeneration"`
		Replicas    int32       `json:"replicas"`
		Updated     int32       `json:"updatedReplicas"`
		Ready       int32       `json:"readyReplicas"`
		Available   int32       `json:"availableReplicas"`
		Terminating int32       `json:"terminatingReplicas"` // where the cluster counts them (KEP-3973)
		Current     string      `json:"currentRevision"`
		Next        string      `json:"updateRevision"`
		Desired     int32       `json:"desiredNumberScheduled"`
		Scheduled   int32       `json:"updatedNumberScheduled"`
		AvailableOn int32       `json:"numberAvailable"`
		Conditions  []condition `json:"conditions"`
	} `json:"status"`
}

const apps = "apis/apps/v1"

func (r *rollout) read(ctx context.Context) (w workload, err error) {
	err = r.get(ctx, apps, r.kind+"s", r.name, &w)
	return w, err
}

// fit refuses what a restart would not reach.
func (r *rollout) fit(w workload) error {
	why := ""
	switch {
	case w.Spec.Paused:
		why = "it is paused: kubectl rollout resume"
	case w.Spec.Update.Type == "OnDelete":
		why = "its updateStrategy is OnDelete, so somebody has to delete its pods: use RollingUpdate, or a command"
	case w.Spec.Update.Rolling != nil && w.Spec.Update.Rolling.Partition > 0:
		why = fmt.Sprintf("its updateStrategy has the partition %d, so pods below it keep what they have: set it to 0", w.Spec.Update.Rolling.Partition)
	}
	if why != "" {
		return fmt.Errorf("%w: %s: %s", consumer.ErrUnfit, r, why)
	}
	return nil
}

func (r *rollout) Check(ctx context.Context, _ consumer.Update) (notes []string, err error) {
	w, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	if n := w.replicas(); n == 1 && r.kind != "daemonset" {
		notes = append(notes, r.String()+" has one replica: whether it answers without a gap depends on its update strategy and its readiness probe")
	}
	return notes, r.fit(w)
}

func (w workload) replicas() int32 {
	if w.Spec.Replicas == nil {
		return 1
	}
	return *w.Spec.Replicas
}

// looks is how often Done looks at a rollout that was started, a second apart: a workload
// that is scaled, or has a pod evicted, is not whole for a moment.
const looks = 5

func (r *rollout) Done(ctx context.Context, u consumer.Update) (bool, error) {
	for n := 1; ; n++ {
		w, err := r.read(ctx)
		if err != nil || !ops.Has(w.Spec.Template.Metadata.Annotations[annotationOp], u.Op) {
			return false, err
		}
		waiting, failed := r.waiting(w)
		if waiting == "" || failed || n == looks {
			return waiting == "", nil
		}
		if err := r.o.Wait(ctx, time.Second); err != nil {
			return false, err
		}
	}
}

func (r *rollout) Do(ctx context.Context, u consumer.Update) error {
	if err := u.Validate(); err != nil {
		return err
	}
	return r.restart(ctx, u.Op, consumer.UndoOp(u.Op))
}

func (r *rollout) Undo(ctx context.Context, u consumer.Update) error {
	return r.restart(ctx, consumer.UndoOp(u.Op), u.Op)
}

// restart has all pods replaced under an id, once, and waits for it.
func (r *rollout) restart(ctx context.Context, id, counterpart string) error {
	err := r.settle(ctx, func() error {
		w, err := r.read(ctx)
		if err != nil {
			return err
		}
		list := w.Spec.Template.Metadata.Annotations[annotationOp]
		if ops.Has(list, id) {
			return nil
		}
		if err := r.fit(w); err != nil {
			return err
		}
		return r.patch(ctx, apps, r.kind+"s", r.name, w.Metadata.ResourceVersion, map[string]any{
			"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{"annotations": map[string]any{
				annotationOp:      ops.Add(list, id, counterpart),
				annotationRestart: time.Now().UTC().Format(time.RFC3339),
			}}}},
		})
	})
	if err != nil {
		return err
	}
	return r.o.Until(ctx, r.where.Within.Or(10*time.Minute), 500*time.Millisecond, func() (bool, string, error) {
		w, err := r.read(ctx)
		if err != nil {
			return false, "", err
		}
		waiting, failed := r.waiting(w)
		if failed {
			return false, "", fmt.Errorf("%s: %s; the old pods go on. See `kubectl describe` of it, mend it, then resume, or roll back", r, waiting)
		}
		return waiting == "", r.String() + ": " + waiting, nil
	})
}

// waiting is what a rollout still waits for, "" where it is over: the rules of kubectl's
// own `rollout status`. failed is that it will not come to its end by itself.
func (r *rollout) waiting(w workload) (what string, failed bool) {
	if w.Metadata.Generation > w.Status.Observed {
		return "the cluster has not taken up the change", false
	}
	s := w.Status
	switch r.kind {
	case "deployment":
		if c := of(s.Conditions, "Progressing"); c.Reason == "ProgressDeadlineExceeded" {
			return "the rollout exceeded its progress deadline (" + c.Message + ")", true
		}
		switch n := w.replicas(); {
		case s.Updated < n:
			return fmt.Sprintf("%d of %d pods are new", s.Updated, n), false
		case s.Replicas > s.Updated:
			return fmt.Sprintf("%d old pods are still there", s.Replicas-s.Updated), false
		case s.Available < s.Updated:
			return fmt.Sprintf("%d of %d new pods are available", s.Available, s.Updated), false
		}
	case "statefulset":
		switch n := w.replicas(); {
		case s.Updated < n:
			return fmt.Sprintf("%d of %d pods are new", s.Updated, n), false
		case s.Ready < n || s.Available < n:
			return fmt.Sprintf("%d of %d pods are ready, %d available", s.Ready, n, s.Available), false
		case s.Next != s.Current:
			return "old pods are still there", false
		}
	case "daemonset":
		switch {
		case s.Scheduled < s.Desired:
			return fmt.Sprintf("%d of %d nodes have the new pod", s.Scheduled, s.Desired), false
		case s.AvailableOn < s.Desired:
			return fmt.Sprintf("the new pod is available on %d of %d nodes", s.AvailableOn, s.Desired), false
		}
	}
	if s.Terminating > 0 {
		return fmt.Sprintf("%d old pods are ending", s.Terminating), false
	}
	return "", false
}

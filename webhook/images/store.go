package images

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/util/retry"
)

// store keeps verdicts in ConfigMaps. Its writers meet by the ConfigMaps' versions.
type store struct {
	api   typed.ConfigMapInterface
	now   func() time.Time
	names map[string]string // which digest has a tag; nil: not read yet
}

// refresh tells whether there is a verdict of the digest that the rules made, and notes of
// any that there is that it is in use, and under which tag.
func (s *store) refresh(ctx context.Context, digest, tag, rules string) (known bool, err error) {
	if err := s.load(ctx); err != nil {
		return false, err
	}
	err = s.change(ctx, digest, func(data map[string]string) error {
		v := &Verdict{}
		text, there := data[keyOf(digest)]
		if !there || json.Unmarshal([]byte(text), v) != nil || v.Rules == "" {
			known = false
			return nil
		}
		known = v.Rules == rules
		if _, named := v.Names[tag]; v.Used == day(s.now()) && (tag == "" || named) {
			return nil
		}
		s.note(v, tag)
		return put(data, digest, v)
	})
	if err != nil || !known {
		return false, err
	}
	return true, s.moved(ctx, digest, tag)
}

// put keeps a verdict.
func (s *store) put(ctx context.Context, digest, tag string, v *Verdict) error {
	err := s.change(ctx, digest, func(data map[string]string) error {
		before := &Verdict{}
		if json.Unmarshal([]byte(data[keyOf(digest)]), before) == nil {
			v.Names = before.Names
		}
		s.note(v, tag)
		return put(data, digest, v)
	})
	if err != nil {
		return err
	}
	return s.moved(ctx, digest, tag)
}

// maxNames bounds the tags of one digest that are kept.
const maxNames = 50

func (s *store) note(v *Verdict, tag string) {
	v.Used = day(s.now())
	if tag == "" {
		return
	}
	if v.Names == nil {
		v.Names = map[string]int64{}
	}
	v.Names[tag] = s.now().Unix()
	for len(v.Names) > maxNames {
		oldest := ""
		for n, since := range v.Names {
			if n != tag && (oldest == "" || since < v.Names[oldest] || since == v.Names[oldest] && n < oldest) {
				oldest = n
			}
		}
		delete(v.Names, oldest)
	}
}

// moved takes a tag away from the digest that had it: it stands for one.
func (s *store) moved(ctx context.Context, digest, tag string) error {
	if err := s.load(ctx); err != nil || tag == "" {
		return err
	}
	before := s.names[tag]
	s.names[tag] = digest
	if before == "" || before == digest {
		return nil
	}
	return s.change(ctx, before, func(data map[string]string) error {
		v := &Verdict{}
		if json.Unmarshal([]byte(data[keyOf(before)]), v) != nil {
			return nil // it is gone
		}
		delete(v.Names, tag)
		return put(data, before, v)
	})
}

// load reads which tags there are, once: nobody else writes them.
func (s *store) load(ctx context.Context) error {
	if s.names != nil {
		return nil
	}
	list, err := s.api.List(ctx, metav1.ListOptions{LabelSelector: shardLabel + "=" + isVerdicts})
	if err != nil {
		return fmt.Errorf("read verdicts: %w", err)
	}
	s.names = map[string]string{}
	since := map[string]int64{}
	for i := range list.Items {
		for tag, at := range read(list.Items[i].Data).names {
			if at.since >= since[tag] {
				s.names[tag], since[tag] = at.digest, at.since
			}
		}
	}
	return nil
}

// change changes the data of a digest's ConfigMap, which it makes where there is none.
// Nothing is written where nothing changed. A ConfigMap that is not ours is let be.
func (s *store) change(ctx context.Context, digest string, how func(data map[string]string) error) error {
	called, err := shard(digest)
	if err != nil {
		return err
	}
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		m, err := s.api.Get(ctx, called, metav1.GetOptions{})
		missing := apierrors.IsNotFound(err)
		if missing {
			m, err = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: called, Labels: labels}}, nil
		}
		if err != nil {
			return err
		}
		if m.Labels[shardLabel] != isVerdicts {
			return fmt.Errorf("the ConfigMap %s is not oakum's own (it has no label %s=%s): rename it", called, shardLabel, isVerdicts)
		}
		before := maps.Clone(m.Data)
		if m.Data == nil {
			m.Data = map[string]string{}
		}
		if err := how(m.Data); err != nil || maps.Equal(before, m.Data) {
			return err
		}
		if missing {
			_, err = s.api.Create(ctx, m, metav1.CreateOptions{})
		} else {
			_, err = s.api.Update(ctx, m, metav1.UpdateOptions{})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a verdict in %s: %w", called, err)
	}
	return nil
}

var labels = map[string]string{
	shardLabel: isVerdicts, "app.kubernetes.io/name": "oakum-webhook", "app.kubernetes.io/component": "images",
	"app.kubernetes.io/part-of": "oakum", "app.kubernetes.io/managed-by": "oakum",
}

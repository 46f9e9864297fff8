package server

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// watched is a kind of objects that is followed in the cluster. What is kept of each is
// what keep makes of it.
type watched struct {
	name       string // for messages
	store      cache.Store
	controller cache.Controller
}

// watch follows a kind by its list and watch calls.
func watch(client kubernetes.Interface, name string, like runtime.Object, lw *cache.ListWatch, keep cache.TransformFunc) *watched {
	w := &watched{name: name}
	w.store, w.controller = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(lw, client), ObjectType: like,
		Handler: cache.ResourceEventHandlerFuncs{}, Transform: keep,
	})
	return w
}

// lister is a typed client of one kind.
type lister[L runtime.Object] interface {
	List(ctx context.Context, o metav1.ListOptions) (L, error)
	Watch(ctx context.Context, o metav1.ListOptions) (kwatch.Interface, error)
}

// calls are a client's list and watch calls, of what selector says of fields; "": of all.
func calls[L runtime.Object](api lister[L], selector string) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector = selector
			return api.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (kwatch.Interface, error) {
			o.FieldSelector = selector
			return api.Watch(ctx, o)
		},
	}
}

// Start follows until ctx ends; it makes a watched a Runnable of a manager.
func (w *watched) Start(ctx context.Context) error {
	w.controller.RunWithContext(ctx)
	return nil
}

// NeedLeaderElection: every replica follows for itself.
func (w *watched) NeedLeaderElection() bool { return false }

// ready tells whether everything was listed once.
func (w *watched) ready() error {
	if !w.controller.HasSynced() {
		return fmt.Errorf("the cluster's %s are not listed yet", w.name)
	}
	return nil
}

// waitFor waits until all are ready, or ctx ends.
func waitFor(ctx context.Context, all []*watched) {
	for _, w := range all {
		for w.ready() != nil && ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

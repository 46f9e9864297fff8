package images

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// followed is a kind of objects that name images.
type followed struct {
	what string
	api  rest.Interface
	like runtime.Object
}

func (w *Worker) followed() []followed {
	c := w.opt.Client
	return []followed{
		{"pods", c.CoreV1().RESTClient(), &corev1.Pod{}},
		{"deployments", c.AppsV1().RESTClient(), &appsv1.Deployment{}},
		{"statefulsets", c.AppsV1().RESTClient(), &appsv1.StatefulSet{}},
		{"daemonsets", c.AppsV1().RESTClient(), &appsv1.DaemonSet{}},
		{"jobs", c.BatchV1().RESTClient(), &batchv1.Job{}},
		{"cronjobs", c.BatchV1().RESTClient(), &batchv1.CronJob{}},
	}
}

// noted is what is kept of an object: which images it named.
type noted struct {
	metav1.ObjectMeta
	images []sighting
}

func keepImages(object any) (any, error) {
	if _, done := object.(*noted); done {
		return object, nil
	}
	o, ok := object.(metav1.Object)
	if !ok {
		return object, nil // a tombstone
	}
	return &noted{metav1.ObjectMeta{Name: o.GetName(), Namespace: o.GetNamespace(), UID: o.GetUID(), ResourceVersion: o.GetResourceVersion()}, sightings(object)}, nil
}

// Run follows the cluster and works until ctx ends. synced is set once all that there is
// was listed; with once, Run ends when the queue is empty then.
func (w *Worker) Run(ctx context.Context, once bool, synced *atomic.Bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var informers sync.WaitGroup
	var ready []cache.InformerSynced
	for _, f := range w.followed() {
		lw := cache.NewListWatchFromClient(f.api, f.what, metav1.NamespaceAll, fields.Everything())
		_, controller := cache.NewInformerWithOptions(cache.InformerOptions{
			ListerWatcher: lw, ObjectType: f.like, Transform: keepImages,
			Handler: cache.ResourceEventHandlerFuncs{AddFunc: w.seen, UpdateFunc: w.changed, DeleteFunc: w.gone},
		})
		ready = append(ready, controller.HasSynced)
		informers.Go(func() { controller.RunWithContext(ctx) })
	}
	defer informers.Wait()
	defer cancel()
	if !cache.WaitForCacheSync(ctx.Done(), ready...) {
		return fmt.Errorf("list what runs: %w", context.Cause(ctx))
	}
	for _, image := range w.opt.Also {
		w.add(sighting{image: image})
	}
	if synced != nil {
		synced.Store(true)
	}
	if once { // what is in the queue comes out still, what failed does not come back
		w.queue.ShutDown()
	} else {
		defer context.AfterFunc(ctx, w.queue.ShutDown)()
	}
	w.work(ctx)
	if n := w.Failed.Load(); once && n > 0 {
		return fmt.Errorf("%d images were not scanned; the log says why", n)
	}
	return nil
}

func (w *Worker) seen(object any) {
	if n, ok := object.(*noted); ok {
		for _, s := range n.images {
			w.add(s)
		}
	}
}

// changed adds what an object did not name before, and drops what it names no more.
func (w *Worker) changed(before, now any) {
	old, _ := before.(*noted)
	n, ok := now.(*noted)
	if !ok || old == nil {
		return
	}
	for _, s := range n.images {
		if !slices.Contains(old.images, s) {
			w.add(s)
		}
	}
	for _, s := range old.images {
		if !slices.Contains(n.images, s) {
			w.drop(s)
		}
	}
}

func (w *Worker) gone(object any) {
	if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = last.Obj
	}
	if n, ok := object.(*noted); ok {
		for _, s := range n.images {
			w.drop(s)
		}
	}
}

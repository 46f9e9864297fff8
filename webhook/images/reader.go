package images

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"

	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// Reader knows the verdicts that the worker wrote, from memory.
type Reader struct {
	informer cache.Controller

	mu     sync.RWMutex
	shards map[string]index // by the ConfigMap's name
}

var _ admit.Images = (*Reader)(nil)

// index is what a ConfigMap says.
type index struct {
	verdicts map[string]*Verdict // by digest
	names    map[string]standing // tags
}

// standing is what a tag stood for, and since when that is known.
type standing struct {
	digest string
	since  int64
}

// NewReader makes one that follows the ConfigMaps of a namespace. Run has it do so.
func NewReader(client kubernetes.Interface, namespace string) *Reader {
	r := &Reader{shards: map[string]index{}}
	api := client.CoreV1().ConfigMaps(namespace)
	only := func(o metav1.ListOptions) metav1.ListOptions {
		o.LabelSelector = shardLabel + "=" + isVerdicts
		return o
	}
	_, r.informer = cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return api.List(ctx, only(o)) },
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				return api.Watch(ctx, only(o))
			},
		}, client), // in one stream, where the server and this client can
		ObjectType: &corev1.ConfigMap{},
		Transform:  r.keep,
		Handler:    cache.ResourceEventHandlerFuncs{DeleteFunc: r.forget},
	})
	return r
}

// Run follows until ctx ends.
func (r *Reader) Run(ctx context.Context) { r.informer.RunWithContext(ctx) }

// Synced tells whether all there is was read once.
func (r *Reader) Synced() bool { return r.informer.HasSynced() }

// keep reads a ConfigMap when it comes, and keeps of the object itself its name.
func (r *Reader) keep(object any) (any, error) {
	m, ok := object.(*corev1.ConfigMap)
	if !ok || m.Data == nil {
		return object, nil
	}
	in := read(m.Data)
	r.mu.Lock()
	r.shards[m.Name] = in
	r.mu.Unlock()
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion}}, nil
}

func (r *Reader) forget(object any) {
	if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = gone.Obj
	}
	if m, ok := object.(*corev1.ConfigMap); ok {
		r.mu.Lock()
		delete(r.shards, m.Name)
		r.mu.Unlock()
	}
}

// read reads a shard's data. What is no verdict is none.
func read(data map[string]string) index {
	in := index{verdicts: map[string]*Verdict{}, names: map[string]standing{}}
	for key, text := range data {
		v := &Verdict{}
		if json.Unmarshal([]byte(text), v) != nil || v.Rules == "" {
			continue
		}
		digest := digestOf(key)
		in.verdicts[digest] = v
		for called, since := range v.Names {
			if since >= in.names[called].since {
				in.names[called] = standing{digest, since}
			}
		}
	}
	return in
}

// Image gives what was found in an image, by its digest, or by the one that its tag stood
// for when that was last known.
func (r *Reader) Image(called string) (found []admit.ImageFinding, known bool) {
	v := r.verdict(called)
	if v == nil {
		return nil, false
	}
	return v.findings(), true
}

func (r *Reader) verdict(called string) *Verdict {
	ref, err := name.ParseReference(called)
	if err != nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if d, ok := ref.(name.Digest); ok {
		return r.byDigest(d.DigestStr())
	}
	var last standing
	for _, in := range r.shards {
		if s := in.names[ref.Name()]; s.since > last.since {
			last = s
		}
	}
	return r.byDigest(last.digest)
}

func (r *Reader) byDigest(digest string) *Verdict {
	in, err := shard(digest)
	if err != nil {
		return nil
	}
	return r.shards[in].verdicts[digest]
}

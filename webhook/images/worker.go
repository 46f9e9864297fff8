package images

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/kubernetes"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// Options are what a worker is started with. Client, Namespace, Rules and World are
// required.
type Options struct {
	Client    clientset.Interface
	Namespace string     // ours, where verdicts are kept
	Rules     *rules.Set // what is looked for
	World     []byte     // stands for the rules and this program: verdicts of another one are made anew

	Cache       imagesource.Cache // nil: every layer is read
	PullSecrets bool              // read those that pods and ServiceAccounts name
	Platform    *v1.Platform      // of an index only this one; nil: every one
	Also        []string          // images that are scanned whether or not something runs them
	Jobs        int               // of one scan; 0: one a core
	Again       time.Duration     // until a tag is resolved again that no node tells of; 0: usually
	Log         *slog.Logger      // nil: silent
	Now         func() time.Time  // nil: time.Now
}

// usually is how often tags are asked about. Who moves a tag and runs it is seen by the
// node's word at once; this is for what is yet to run.
const usually = 6 * time.Hour

// A failed image is tried again after a while that doubles.
const (
	firstPause = 30 * time.Second
	lastPause  = 6 * time.Hour
)

// longest is what one image may take: ten gigabytes at 20 MB/s.
const longest = 10 * time.Minute

// Worker scans images.
type Worker struct {
	opt   Options
	store store
	queue workqueue.TypedRateLimitingInterface[sighting]

	mu   sync.Mutex
	live map[sighting]int // how many objects name it; what none names is let go

	Scanned, Failed atomic.Int64 // images
}

// NewWorker makes one. Run has it work.
func NewWorker(o Options) (*Worker, error) {
	if o.Client == nil || o.Namespace == "" || o.Rules == nil || len(o.World) == 0 {
		return nil, errors.New("an image worker needs a cluster, a namespace of its own, rules and a word for them")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Again <= 0 {
		o.Again = usually
	}
	return &Worker{
		opt:   o,
		store: store{api: o.Client.CoreV1().ConfigMaps(o.Namespace), now: o.Now},
		live:  map[sighting]int{},
		queue: workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[sighting](firstPause, lastPause)),
	}, nil
}

// rulesWord is how verdicts name what they were made by.
func (w *Worker) rulesWord() string {
	return fmt.Sprintf("%x", w.opt.World[:min(len(w.opt.World), 16)])
}

// add has the worker look at an image some time, and again until drop.
func (w *Worker) add(s sighting) {
	w.mu.Lock()
	w.live[s]++
	w.mu.Unlock()
	w.queue.Add(s)
}

// drop takes an add back.
func (w *Worker) drop(s sighting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.live[s]--; w.live[s] <= 0 {
		delete(w.live, s)
	}
}

func (w *Worker) lives(s sighting) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.live[s] > 0
}

// work takes images off the queue, one after the other: a scan uses all cores already.
func (w *Worker) work(ctx context.Context) {
	for {
		s, end := w.queue.Get()
		if end {
			return
		}
		if ctx.Err() == nil {
			w.one(ctx, s)
		}
		w.queue.Done(s)
	}
}

func (w *Worker) one(ctx context.Context, s sighting) {
	if !w.lives(s) { // gone while it waited
		w.queue.Forget(s)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	if err := w.Look(ctx, s.image, s); err != nil {
		w.Failed.Add(1)
		w.opt.Log.Warn("an image was not scanned", "image", s.image, "namespace", s.namespace, "error", err.Error())
		w.queue.AddRateLimited(s)
		return
	}
	w.queue.Forget(s)
	if ref, err := name.ParseReference(s.image); err == nil && s.digest == "" {
		if _, tag := ref.(name.Tag); tag {
			w.queue.AddAfter(s, w.opt.Again)
		}
	}
}

// Look makes sure that there is a verdict of an image: by its digest, and under its tag.
func (w *Worker) Look(ctx context.Context, image string, s sighting) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return fmt.Errorf("read the image's name: %w", err)
	}
	opt := imagesource.Options{Platform: w.opt.Platform}
	if opt.Keychain, err = w.keychain(ctx, s); err != nil {
		return err
	}
	digest := s.digest
	if d, ok := ref.(name.Digest); ok {
		digest = d.DigestStr()
	}
	if digest == "" {
		if digest, err = imagesource.Resolve(ctx, image, opt); err != nil {
			return err
		}
	}
	tag := ""
	if _, ok := ref.(name.Tag); ok {
		tag = ref.Name()
	}
	known, err := w.store.refresh(ctx, digest, tag, w.rulesWord())
	if err != nil || known {
		return err // or there is nothing to do
	}
	v, err := w.scan(ctx, ref.Context().Digest(digest).String(), opt)
	if err != nil {
		return err
	}
	w.Scanned.Add(1)
	w.opt.Log.Info("image scanned", "image", ref.Name(), "digest", digest, "findings", len(v.Findings)+v.More)
	return w.store.put(ctx, digest, tag, v)
}

// scan looks at all of an image. What could not be looked at is an error: there is no
// verdict of a part.
func (w *Worker) scan(ctx context.Context, ref string, opt imagesource.Options) (*Verdict, error) {
	src := imagesource.New([]string{ref}, opt)
	if w.opt.Cache != nil {
		src.Cache(w.opt.Cache)
	}
	var merge scanner.Merge
	var gap *leak.Gap
	_, err := scanner.New(w.opt.Rules, w.scanning()).Scan(ctx, src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			src.Settle(e.Finding)
			merge.Add(e.Finding)
		case e.Gap != nil && e.Gap.Class == leak.Failure && gap == nil:
			gap = e.Gap
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("scan: %w", err)
	}
	if gap != nil && !passable(gap) {
		return nil, fmt.Errorf("scan: not all was looked at: %w", gap)
	}
	v := &Verdict{Rules: w.rulesWord(), Scanned: w.opt.Now().Unix()}
	v.Findings, v.More = verdictOf(merge.Findings())
	return v, nil
}

// passable are gaps of a layer's content: whoever looks again finds the same. Those of
// whoever serves it may be gone the next time.
func passable(g *leak.Gap) bool {
	switch g.Code {
	case leak.GapCorrupt, leak.GapLimit, leak.GapUnknown, leak.GapTruncated:
		_, file := g.Place.(leak.ImageFile)
		return file
	}
	return false
}

// Scanning is how images are scanned: nobody's comment in one allows what is beside it.
func (w *Worker) scanning() scanner.Options { return Scanning(w.opt.Jobs) }

// archives within images are opened so deep, as `oakum scan image` does.
const archiveDepth = 8

// Scanning are the options of a worker's scans, for whoever makes the word for its rules.
func Scanning(jobs int) scanner.Options {
	o := scanner.Options{Jobs: jobs, NoInline: true}
	o.Archives.Depth = archiveDepth
	return o
}

// keychain is who registries are told we are: the pull secrets of the pod and of its
// ServiceAccount, where they may be read; else nobody.
func (w *Worker) keychain(ctx context.Context, s sighting) (authn.Keychain, error) {
	if !w.opt.PullSecrets || s.namespace == "" {
		return anonymous{}, nil
	}
	o := kubernetes.Options{Namespace: s.namespace, ServiceAccountName: s.account}
	if s.secrets != "" {
		o.ImagePullSecrets = strings.Split(s.secrets, ",")
	}
	chain, err := kubernetes.New(ctx, w.opt.Client, o)
	if err != nil {
		return nil, fmt.Errorf("read pull secrets: %w", err)
	}
	return chain, nil
}

type anonymous struct{}

func (anonymous) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

package images

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
)

// shop is a registry in this process, with a password or without.
type shop struct {
	host  string
	reads atomic.Int64 // of layers and manifests
}

func newShop(t *testing.T, password string) *shop {
	t.Helper()
	s := &shop{}
	inner := registry.New()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, p, _ := r.BasicAuth(); password != "" && p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="shop"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") {
			s.reads.Add(1)
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.host = strings.TrimPrefix(server.URL, "http://")
	return s
}

// image has one file.
func image(t *testing.T, content string) v1.Image {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "app/.env", Mode: 0o644, Size: int64(len(content))}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, content)
	w.Close()
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// push gives the image's name in the registry, and its digest.
func (s *shop) push(t *testing.T, as string, img v1.Image, opt ...remote.Option) (ref, digest string) {
	t.Helper()
	tag, err := name.ParseReference(s.host + "/" + as)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(tag, img, opt...); err != nil {
		t.Fatal(err)
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return s.host + "/" + as, d.String()
}

func keys(seed uint64) string {
	return leaktest.Must(seed, "AWS_ACCESS_KEY_ID={{awsID \"AKIA\"}}\nAWS_SECRET_ACCESS_KEY={{awsSecret}}\n")
}

// desk is a worker, and a reader of what it writes.
type desk struct {
	*Worker
	client *fake.Clientset
}

func newDesk(t *testing.T, world string, objects ...runtime.Object) *desk {
	t.Helper()
	d := &desk{client: fake.NewClientset(objects...)}
	d.again(t, world)
	return d
}

// again is another worker of the same cluster.
func (d *desk) again(t *testing.T, world string) {
	t.Helper()
	w, err := NewWorker(Options{Client: d.client, Namespace: "oakum-system", Rules: builtin.Set(), World: []byte(world), Jobs: 1, PullSecrets: true})
	if err != nil {
		t.Fatal(err)
	}
	d.Worker = w
}

// reader knows what is written by now.
func (d *desk) reader(t *testing.T) *Reader {
	t.Helper()
	r := NewReader(d.client, "oakum-system")
	go r.Run(t.Context())
	for !r.Synced() {
		time.Sleep(time.Millisecond)
	}
	return r
}

func (d *desk) look(t *testing.T, image string) {
	t.Helper()
	if err := d.Look(t.Context(), image, sighting{}); err != nil {
		t.Fatal(err)
	}
}

// What is in an image is known by its tag and by its digest; what was not scanned is not
// known; and no value is in what is kept.
func TestVerdicts(t *testing.T) {
	s := newShop(t, "")
	bad, badDigest := s.push(t, "app:1", image(t, keys(1)))
	good, _ := s.push(t, "app:2", image(t, "HELLO=world\n"))
	d := newDesk(t, "rules 1")
	d.look(t, bad)
	d.look(t, good)
	r := d.reader(t)
	for _, called := range []string{bad, s.host + "/app@" + badDigest, s.host + "/other:1@" + badDigest} {
		found, known := r.Image(called)
		if !known || len(found) != 1 || found[0].Rule != "aws-access-key-id" || found[0].Parts != 1 || found[0].Place.Kind() != "image-file" {
			t.Errorf("%s: %v %+v", called, known, found)
		}
	}
	if found, known := r.Image(good); !known || len(found) != 0 {
		t.Errorf("good: %v %v", known, found)
	}
	for _, called := range []string{s.host + "/app:3", "nginx", "", "a b", s.host + "/app@sha256:" + strings.Repeat("0", 64)} {
		if _, known := r.Image(called); known {
			t.Errorf("%q is known", called)
		}
	}
	d.noValue(t, keys(1))
}

func (d *desk) noValue(t *testing.T, env string) {
	t.Helper()
	list, err := d.client.CoreV1().ConfigMaps("oakum-system").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) == 0 {
		t.Fatalf("%d ConfigMaps, %v", len(list.Items), err)
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(env) {
		if _, value, _ := strings.Cut(strings.TrimSpace(line), "="); value != "" && bytes.Contains(text, []byte(value)) {
			t.Error("a value is kept")
		}
	}
}

// A tag that is moved stands for its new digest alone; the old digest stays known.
func TestMovedTag(t *testing.T) {
	s := newShop(t, "")
	tag, old := s.push(t, "app:latest", image(t, keys(1)))
	d := newDesk(t, "rules 1")
	d.look(t, tag)
	s.push(t, "app:latest", image(t, "HELLO=world\n"))
	d.look(t, tag)
	r := d.reader(t)
	if found, known := r.Image(tag); !known || len(found) != 0 {
		t.Errorf("the tag: %v %v", known, found)
	}
	if found, known := r.Image(s.host + "/app@" + old); !known || len(found) != 1 {
		t.Errorf("the old digest: %v %v", known, found)
	}
	d.again(t, "rules 1") // one that reads which tags there are
	s.push(t, "app:latest", image(t, keys(1)))
	d.look(t, tag)
	if found, _ := d.reader(t).Image(tag); len(found) != 1 {
		t.Errorf("moved back: %v", found)
	}
	if d.Scanned.Load() != 0 {
		t.Error("a digest that is known was scanned again")
	}
}

// Rules that are newer have everything looked at again, and what older ones told holds
// until then.
func TestNewRules(t *testing.T) {
	s := newShop(t, "")
	ref, _ := s.push(t, "app:1", image(t, keys(1)))
	d := newDesk(t, "rules 1")
	d.look(t, ref)
	d.look(t, ref)
	if n := d.Scanned.Load(); n != 1 {
		t.Errorf("scanned %d times by the same rules", n)
	}
	d.again(t, "rules 2")
	if found, known := d.reader(t).Image(ref); !known || len(found) != 1 {
		t.Errorf("before: %v %v", known, found)
	}
	d.look(t, ref)
	if n := d.Scanned.Load(); n != 1 {
		t.Errorf("scanned %d times by new rules", n)
	}
}

// What cannot be had, or only in part, has no verdict.
func TestNoVerdictOfAPart(t *testing.T) {
	s := newShop(t, "")
	d := newDesk(t, "rules 1")
	if err := d.Look(t.Context(), s.host+"/none:1", sighting{}); err == nil {
		t.Error("an image that is not there was looked at")
	}
	ref, _ := s.push(t, "app:1", broken{image(t, keys(1))})
	if err := d.Look(t.Context(), ref, sighting{}); err == nil || !strings.Contains(err.Error(), "not all was looked at") {
		t.Errorf("a layer that is missing: %v", err)
	}
	if _, known := d.reader(t).Image(ref); known {
		t.Error("there is a verdict")
	}
}

// broken is an image whose configuration names a digest that its registry has not.
type broken struct{ v1.Image }

func (b broken) RawManifest() ([]byte, error) {
	text, err := b.Image.RawManifest()
	m, _ := b.Image.Manifest()
	return bytes.ReplaceAll(text, []byte(m.Layers[0].Digest.Hex), []byte(strings.Repeat("f", 64))), err
}

// Registries are told the pull secrets of the pod and of its ServiceAccount, and nobody's
// where they may not be read.
func TestPullSecrets(t *testing.T) {
	const password = "open sesame"
	s := newShop(t, password)
	auth := base64.StdEncoding.EncodeToString([]byte("puller:" + password))
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "pull", Namespace: "bank"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{".dockerconfigjson": fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, s.host, auth)}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: "bank"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}}}
	plain := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default", Namespace: "bank"}}
	d := newDesk(t, "rules 1", secret, account, plain)
	ref, _ := s.push(t, "app:1", image(t, keys(1)), remote.WithAuth(basic{password}))
	for _, c := range []struct {
		what string
		s    sighting
		able bool
	}{
		{"nobody", sighting{}, false},
		{"the pod's", sighting{namespace: "bank", account: "default", secrets: "pull"}, true},
		{"the ServiceAccount's", sighting{namespace: "bank", account: "app"}, true},
		{"another account's", sighting{namespace: "bank", account: "default"}, false},
	} {
		if err := d.Look(t.Context(), ref, c.s); (err == nil) != c.able {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	d.opt.PullSecrets = false
	if err := d.Look(t.Context(), ref, sighting{namespace: "bank", account: "app"}); err == nil {
		t.Error("pull secrets are read though nobody allowed it")
	}
}

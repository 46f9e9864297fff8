package images

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"
)

var digest = "sha256:" + strings.Repeat("ab", 32)

// A pod's images have the digests that its node pulled, where the node names the
// registry's; a bare id is of that node's own.
func TestImagesOfAPod(t *testing.T) {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "bank"}, Spec: corev1.PodSpec{
		ServiceAccountName: "app", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "a"}, {Name: "b"}},
		InitContainers:      []corev1.Container{{Name: "init", Image: "busybox:1"}},
		Containers:          []corev1.Container{{Name: "web", Image: "web:1"}, {Name: "side", Image: "side:1"}, {Name: "again", Image: "web:1"}, {Name: "none"}},
		EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "debug:1"}}},
	}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{
		{Name: "web", ImageID: "docker.io/library/web@" + digest}, {Name: "side", ImageID: digest},
	}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", ImageID: "docker-pullable://docker.io/library/busybox@" + digest}}
	var got []string
	for _, s := range sightings(p) {
		if s.namespace != "bank" || s.account != "app" || s.secrets != "a,b" {
			t.Errorf("%+v", s)
		}
		got = append(got, fmt.Sprintf("%s %t", s.image, s.digest == digest))
	}
	if want := []string{"busybox:1 true", "web:1 true", "side:1 false", "debug:1 false"}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// Whatever makes pods tells their images before there is one.
func TestImagesOfTemplates(t *testing.T) {
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web:1"}}}}
	for _, o := range []any{
		&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: template}}, &appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Template: template}},
		&appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: template}}, &batchv1.Job{Spec: batchv1.JobSpec{Template: template}},
		&batchv1.CronJob{Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}}}},
	} {
		if list := sightings(o); len(list) != 1 || list[0].image != "web:1" {
			t.Errorf("%T: %v", o, list)
		}
		kept, err := keepImages(o)
		if n, ok := kept.(*noted); err != nil || !ok || len(n.images) != 1 {
			t.Errorf("%T: %v %v", o, kept, err)
		}
	}
	if list := sightings(&corev1.Service{}); list != nil {
		t.Errorf("a Service: %v", list)
	}
}

// What no object names any more is not looked at again.
func TestWhatIsGone(t *testing.T) {
	s := newShop(t, "")
	ref, _ := s.push(t, "app:1", image(t, keys(1)))
	d := newDesk(t, "rules 1")
	of := func(images ...string) any {
		n := &noted{}
		for _, i := range images {
			n.images = append(n.images, sighting{image: i, namespace: "bank"})
		}
		return n
	}
	one := sighting{image: ref, namespace: "bank"}
	d.seen(of(ref))
	d.seen(of(ref))
	d.changed(of(ref), of("other:1"))
	if !d.lives(one) || !d.lives(sighting{image: "other:1", namespace: "bank"}) {
		t.Error("an image that is named still was let go")
	}
	d.gone(of(ref))
	d.gone(cache.DeletedFinalStateUnknown{Obj: of("other:1")})
	if d.lives(one) || len(d.live) != 0 {
		t.Errorf("what is gone lives: %v", d.live)
	}
	d.one(t.Context(), one)
	if d.Scanned.Load() != 0 {
		t.Error("it was scanned")
	}
	d.seen(of(ref))
	d.one(t.Context(), one)
	if d.Scanned.Load() != 1 {
		t.Error("one that came back was not scanned")
	}
}

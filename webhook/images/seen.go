package images

import (
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// sighting is an image that something in the cluster runs or is to run, and on whose
// behalf it is pulled.
type sighting struct {
	image     string // as the object names it
	digest    string // that a node pulled; "" where none said so
	namespace string
	account   string // ServiceAccount
	secrets   string // imagePullSecrets, in their order, separated by ','
}

// sightings are an object's.
func sightings(object any) []sighting {
	switch o := object.(type) {
	case *corev1.Pod:
		return ofPod(o)
	case *appsv1.Deployment:
		return ofTemplate(o.Namespace, &o.Spec.Template.Spec)
	case *appsv1.StatefulSet:
		return ofTemplate(o.Namespace, &o.Spec.Template.Spec)
	case *appsv1.DaemonSet:
		return ofTemplate(o.Namespace, &o.Spec.Template.Spec)
	case *batchv1.Job:
		return ofTemplate(o.Namespace, &o.Spec.Template.Spec)
	case *batchv1.CronJob:
		return ofTemplate(o.Namespace, &o.Spec.JobTemplate.Spec.Template.Spec)
	}
	return nil
}

func ofTemplate(namespace string, spec *corev1.PodSpec) (list []sighting) {
	var secrets []string
	for _, s := range spec.ImagePullSecrets {
		secrets = append(secrets, s.Name)
	}
	add := func(image string) {
		s := sighting{image: image, namespace: namespace, account: spec.ServiceAccountName, secrets: strings.Join(secrets, ",")}
		if image != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			add(containers[i].Image)
		}
	}
	for i := range spec.EphemeralContainers {
		add(spec.EphemeralContainers[i].Image)
	}
	return list
}

// ofPod knows from the pod's status which digest each of its images has on the node.
func ofPod(p *corev1.Pod) []sighting {
	list := ofTemplate(p.Namespace, &p.Spec)
	pulled := map[string]string{}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses, p.Status.EphemeralContainerStatuses} {
		for i := range statuses {
			if digest := pulledDigest(statuses[i].ImageID); digest != "" {
				pulled[statuses[i].Name] = digest
			}
		}
	}
	named := func(container, image string) {
		for i := range list {
			if list[i].image == image && list[i].digest == "" {
				list[i].digest = pulled[container]
			}
		}
	}
	for _, containers := range [][]corev1.Container{p.Spec.InitContainers, p.Spec.Containers} {
		for i := range containers {
			named(containers[i].Name, containers[i].Image)
		}
	}
	return list
}

// pulledDigest is the digest in a container's imageID, where the runtime gives the
// registry's (repository@sha256:…): a bare digest is of the configuration on that node.
func pulledDigest(imageID string) string {
	imageID = strings.TrimPrefix(imageID, "docker-pullable://")
	d, err := name.NewDigest(imageID)
	if err != nil || !strings.Contains(imageID, "/") {
		return ""
	}
	return d.DigestStr()
}

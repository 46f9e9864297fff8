package main

import (
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// uid is that of every review: an answer must carry it.
const uid = "6f1a52c3-6d5e-4a6e-9c6f-0d6f5b3f7a11"

// review is what an API server sends of a new pod, padded with environment variables to
// some size bytes. The variables are what manifests hold: words, addresses, numbers and
// references; leaky adds an AWS key pair.
func review(size int, leaky bool) ([]byte, error) {
	pod := corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "checkout-7d9c5b6f4-x2x9v", Namespace: "shop",
			Labels:      map[string]string{"app": "checkout", "pod-template-hash": "7d9c5b6f4"},
			Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": "9090"}},
		Spec: corev1.PodSpec{ServiceAccountName: "checkout", NodeSelector: map[string]string{"kubernetes.io/os": "linux"}},
	}
	container := corev1.Container{Name: "app-0", Image: "registry.example.com/shop/checkout:1.42.0", Args: []string{"serve", "--listen=:8080"}}
	if leaky {
		container.Env = keyPair()
	}
	pod.Spec.Containers = []corev1.Container{container}
	around, err := wrap(&pod)
	if err != nil {
		return nil, err
	}
	pod.Spec.Containers = nil
	length := len(around)
	for i := 0; length < size; i++ {
		v := variable(uint64(i))
		text, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		container.Env = append(container.Env, v)
		length += len(text) + 1
		if len(container.Env) == 400 && length < size {
			pod.Spec.Containers = append(pod.Spec.Containers, container)
			container = corev1.Container{Name: fmt.Sprintf("app-%d", len(pod.Spec.Containers)), Image: container.Image}
		}
	}
	pod.Spec.Containers = append(pod.Spec.Containers, container)
	return wrap(&pod)
}

// keyPair is one that was never issued.
func keyPair() []corev1.EnvVar {
	return []corev1.EnvVar{
		{Name: "AWS_ACCESS_KEY_ID", Value: leaktest.Must(1, `{{awsID "AKIA"}}`)},
		{Name: "AWS_SECRET_ACCESS_KEY", Value: leaktest.Must(1, `{{awsSecret}}`)},
	}
}

// variable is one of a dozen that manifests of services have.
func variable(i uint64) corev1.EnvVar {
	name := fmt.Sprintf("CHECKOUT_SETTING_%04d", i)
	shapes := []string{
		"https://catalog.shop.svc.cluster.local:8443/v{{int 1 9}}/items?limit={{int 10 99}}", "{{words 6}}", "{{int 1 100000}}",
		"registry.example.com/shop/{{word}}@sha256:{{hex 64}}", "true", "{{uuid}}",
		"-Xmx{{int 256 4096}}m -XX:+UseG1GC -Dfile.encoding=UTF-8", "{{word}},{{word}},{{word}}",
	}
	if i%9 == 8 {
		return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "checkout"}, Key: fmt.Sprintf("key-%d", i)}}}
	}
	return corev1.EnvVar{Name: name, Value: leaktest.Must(i, shapes[i%uint64(len(shapes))])}
}

func wrap(pod *corev1.Pod) ([]byte, error) {
	raw, err := json.Marshal(pod)
	if err != nil {
		return nil, err
	}
	return json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: types.UID(uid), Operation: admissionv1.Create, Name: pod.Name, Namespace: pod.Namespace,
			Kind:        metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			Resource:    metav1.GroupVersionResource{Version: "v1", Resource: "pods"},
			RequestKind: &metav1.GroupVersionKind{Version: "v1", Kind: "Pod"},
			UserInfo:    authenticationv1.UserInfo{Username: "jane", Groups: []string{"system:authenticated"}},
			Object:      runtime.RawExtension{Raw: raw},
		},
	})
}

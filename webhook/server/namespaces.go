package server

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// namespaces knows their labels.
type namespaces struct{ *watched }

func watchNamespaces(client kubernetes.Interface) namespaces {
	return namespaces{watch(client, "namespaces", &corev1.Namespace{}, calls(client.CoreV1().Namespaces(), ""), onlyLabels)}
}

// onlyLabels keeps a namespace's name and labels.
func onlyLabels(object any) (any, error) {
	n, ok := object.(*corev1.Namespace)
	if !ok { // a tombstone
		return object, nil
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n.Name, UID: n.UID, ResourceVersion: n.ResourceVersion, Labels: n.Labels}}, nil
}

// Labels are a namespace's, from memory.
func (n namespaces) Labels(name string) (map[string]string, bool) {
	object, known, err := n.store.GetByKey(name)
	if err != nil || !known {
		return nil, false
	}
	namespace, ok := object.(*corev1.Namespace)
	if !ok {
		return nil, false
	}
	return namespace.Labels, true
}

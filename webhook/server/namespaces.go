package server

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// namespaces knows their labels.
type namespaces struct{ *watched }

func watchNamespaces(client kubernetes.Interface) namespaces {
	api := client.CoreV1().Namespaces()
	return namespaces{watch(client, "namespaces", &corev1.Namespace{}, &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return api.List(ctx, o) },
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (kwatch.Interface, error) {
			return api.Watch(ctx, o)
		},
	}, onlyLabels)}
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

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/oakum-sec/oakum/internal/realtest"
	"github.com/oakum-sec/oakum/webhook/e2e"
)

// throughAPIServer makes pods through a real API server, one in a namespace that the
// webhook is asked about and one in a namespace that it is not, in random order, and tells
// by how much the first took longer. Nothing else runs beside it: this is what one user's
// request pays, not how many there can be.
func throughAPIServer(ctx context.Context, plane *e2e.Plane, program string, pairs int) error {
	s, err := startServer(plane, program)
	if err != nil {
		return err
	}
	defer s.stop()
	namespaces := []string{"asked", "unasked"}
	for _, name := range namespaces {
		_, err := plane.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("make a namespace: %w", err)
		}
	}
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	// It fails closed, so that no pod is faster because it was not looked at.
	configuration := e2e.Asked{Port: number, CA: s.CA, Policy: admissionv1.Fail, Namespace: namespaces[0], Pods: true}.Configuration()
	if _, err := plane.Client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(ctx, configuration, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("configure the webhook: %w", err)
	}
	if err := untilAsked(ctx, plane.Client, namespaces[0]); err != nil {
		return err
	}
	var added, without []float64
	for i := range pairs + 50 { // the first ones warm caches and connections
		took, err := pair(ctx, plane.Client, namespaces, i)
		if err != nil {
			return err
		}
		if i >= 50 {
			added = append(added, took[0]-took[1])
			without = append(without, took[1])
		}
	}
	low, high := interval(added, 2000)
	fmt.Printf("%d pairs of pods through kube-apiserver: without the webhook %.2f ms (median); added by it %.2f ms (median; 95 %% interval %.2f to %.2f)\n",
		pairs, median(without), median(added), low, high)
	return nil
}

func startPlane() (*e2e.Plane, error) {
	var parts e2e.Parts
	for name, path := range map[string]*string{"kube-apiserver": &parts.APIServer, "etcd": &parts.Etcd, "kubectl": &parts.Kubectl} {
		part, err := realtest.Named(name)
		if err != nil {
			return nil, err
		}
		if *path, err = part.Path(); err != nil {
			return nil, err
		}
	}
	return e2e.StartPlane(parts, e2e.PlaneOptions{})
}

// untilAsked waits until a pod with a key is refused.
func untilAsked(ctx context.Context, client kubernetes.Interface, namespace string) error {
	leaky := usual("probe")
	leaky.Spec.Containers[0].Env = keyPair()
	for range 300 {
		if _, err := client.CoreV1().Pods(namespace).Create(ctx, leaky, metav1.CreateOptions{DryRun: []string{"All"}}); err != nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("the webhook was not asked within half a minute")
}

// pair makes one pod in each namespace, in random order, and gives the milliseconds that
// each took.
func pair(ctx context.Context, client kubernetes.Interface, namespaces []string, i int) (took [2]float64, err error) {
	first := rand.IntN(2)
	for _, which := range []int{first, 1 - first} {
		began := time.Now()
		if _, err := client.CoreV1().Pods(namespaces[which]).Create(ctx, usual(fmt.Sprintf("checkout-%05d", i)), metav1.CreateOptions{}); err != nil {
			return took, fmt.Errorf("make a pod: %w", err)
		}
		took[which] = float64(time.Since(began)) / float64(time.Millisecond)
	}
	return took, nil
}

// usual is a pod of some 4 kB.
func usual(name string) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "registry.example.com/shop/checkout:1.42.0"}}}}
	for i := range uint64(30) {
		pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, variable(i))
	}
	return pod
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// interval is the 95 % interval of the median, by drawing the values again with
// replacement (the percentile bootstrap).
func interval(values []float64, draws int) (low, high float64) {
	random := rand.New(rand.NewPCG(1, 2))
	medians := make([]float64, draws)
	again := make([]float64, len(values))
	for d := range medians {
		for i := range again {
			again[i] = values[random.IntN(len(values))]
		}
		medians[d] = median(again)
	}
	slices.Sort(medians)
	return medians[draws*25/1000], medians[draws*975/1000]
}

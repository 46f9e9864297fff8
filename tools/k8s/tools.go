//go:build tools

// Package k8s pins the Kubernetes programs that oakum's admission is tested
// against: internal/realtest builds them from this module, whose go.sum vouches
// for every byte. It holds no code of ours, so nothing here is vetted.
//
// k8s.io/kubernetes replaces its staging modules, which go install refuses; this
// module requires them at the versions that are published with each release
// (k8s.io/api v0.37.2 goes with v1.37.2). A new release: set all of them at once.
package k8s

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/kubernetes/cmd/kubectl"
)

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Parts are the paths of the programs that a control plane is made of.
type Parts struct {
	APIServer, Etcd, Kubectl, ControllerManager string
}

// Plane is a control plane that runs: one etcd and one API server on loopback.
type Plane struct {
	Env    *envtest.Environment
	Config *rest.Config // of a cluster administrator
	Client kubernetes.Interface
}

// PlaneOptions are what a test changes. The zero value is an API server as kubeadm runs
// it, but for the ServiceAccount plugin, which wants a controller manager.
type PlaneOptions struct {
	AdmissionConfig string            // path of an AdmissionConfiguration; "": none
	Args            map[string]string // further flags of the API server
	Dir             string            // where audit logs and such are written
}

// StartPlane takes some four seconds and 320 MB. Stop it in the end.
func StartPlane(parts Parts, o PlaneOptions) (*Plane, error) {
	log.SetLogger(logr.Discard()) // of controller-runtime, which else complains that there is none
	env := &envtest.Environment{
		ControlPlaneStartTimeout: 2 * time.Minute, // on a machine that compiles beside it
		ControlPlaneStopTimeout:  time.Minute,
	}
	env.ControlPlane.GetAPIServer().Path = parts.APIServer
	env.ControlPlane.Etcd = &envtest.Etcd{Path: parts.Etcd}
	env.ControlPlane.KubectlPath = parts.Kubectl
	args := env.ControlPlane.GetAPIServer().Configure()
	for flag, value := range o.Args {
		args.Set(flag, value)
	}
	if o.AdmissionConfig != "" {
		args.Set("admission-control-config-file", o.AdmissionConfig)
	}
	if o.Dir != "" {
		policy := filepath.Join(o.Dir, "audit-policy.yaml")
		if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
			return nil, fmt.Errorf("write the audit policy: %w", err)
		}
		args.Set("audit-policy-file", policy).Set("audit-log-path", filepath.Join(o.Dir, "audit.log"))
	}
	config, err := env.Start()
	if err != nil {
		return nil, fmt.Errorf("start the control plane: %w", err)
	}
	config.QPS, config.Burst = 1000, 2000 // the client's own brake is for busy clusters
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return &Plane{Env: env, Config: config, Client: client}, nil
}

// auditPolicy logs who did what and the annotations that admission leaves, no objects:
// those hold made-up secrets.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// Stop ends both programs.
func (p *Plane) Stop() error {
	if err := p.Env.Stop(); err != nil {
		return fmt.Errorf("stop the control plane: %w", err)
	}
	return nil
}

// Kubeconfig writes a kubeconfig of a cluster administrator and gives its path.
func (p *Plane) Kubeconfig(dir string) (string, error) {
	user, err := p.Env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		return "", fmt.Errorf("make a user: %w", err)
	}
	text, err := user.KubeConfig()
	if err != nil {
		return "", fmt.Errorf("write a kubeconfig: %w", err)
	}
	file := filepath.Join(dir, "kubeconfig")
	return file, os.WriteFile(file, text, 0o600)
}

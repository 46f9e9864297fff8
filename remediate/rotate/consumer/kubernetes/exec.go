package kubernetes

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// plugin is a program that gives credentials, as those of EKS, GKE and AKS
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
// It is the user's own, named in the user's kubeconfig.
type plugin struct {
	APIVersion string   `yaml:"apiVersion"`
	Command    string   `yaml:"command"`
	Args       []string `yaml:"args"`
	Env        []struct {
		Name  string `yaml:"name"`
		Value string `yaml:"value"`
	} `yaml:"env"`
	Hint        string `yaml:"installHint"`
	Mode        string `yaml:"interactiveMode"`
	ClusterInfo bool   `yaml:"provideClusterInfo"`
}

// answer is what a plugin gave.
type answer struct {
	token leak.Secret
	pair  *tls.Certificate
	until time.Time // zero: for as long as this process runs
}

// pluginWithin bounds a plugin: a login that waits for a browser is for kubectl.
const pluginWithin = time.Minute

// plugged asks the plugin, unless its last answer holds.
func (i *identity) plugged(ctx context.Context) (leak.Secret, error) {
	held := !i.held.token.IsZero() || i.held.pair != nil
	if held && (i.held.until.IsZero() || time.Until(i.held.until) > 10*time.Second) {
		return i.held.token, nil
	}
	p := i.user.Exec
	switch {
	case p.APIVersion != "client.authentication.k8s.io/v1" && p.APIVersion != "client.authentication.k8s.io/v1beta1":
		return leak.Secret{}, errors.New("the kubeconfig's exec plugin is of a version that is not known: it has to be client.authentication.k8s.io/v1 or v1beta1")
	case p.Mode == "Always":
		return leak.Secret{}, errors.New("the kubeconfig's exec plugin asks a person: use a context that logs in by itself")
	case p.ClusterInfo:
		return leak.Secret{}, errors.New("the kubeconfig's exec plugin wants to be told of the cluster (provideClusterInfo), which oakum does not do: use another context")
	}
	out, err := p.run(ctx, i.user.dir)
	if err != nil {
		return leak.Secret{}, err
	}
	i.held, err = readAnswer(out)
	if err != nil {
		return leak.Secret{}, fmt.Errorf("%s of the kubeconfig: %w", p.Command, err)
	}
	return i.held.token, nil
}

func (p *plugin) run(ctx context.Context, dir string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, pluginWithin)
	defer cancel()
	name := p.Command
	if strings.ContainsRune(name, os.PathSeparator) {
		name = beside(dir, name)
	}
	cmd := exec.CommandContext(ctx, name, p.Args...)
	cmd.Env = os.Environ()
	for _, e := range p.Env {
		cmd.Env = append(cmd.Env, e.Name+"="+e.Value)
	}
	cmd.Env = append(cmd.Env, `KUBERNETES_EXEC_INFO={"kind":"ExecCredential","apiVersion":"`+p.APIVersion+`","spec":{"interactive":false}}`)
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil { // its output may be the credential
		hint := ""
		if p.Hint != "" && errors.Is(err, exec.ErrNotFound) {
			hint = " (" + p.Hint + ")"
		}
		return nil, fmt.Errorf("run %s, which the kubeconfig names to log in: %w%s", p.Command, err, hint)
	}
	return out.Bytes(), nil
}

func readAnswer(out []byte) (answer, error) {
	var c struct {
		Kind   string `json:"kind"`
		Status struct {
			Token string    `json:"token"`
			Cert  string    `json:"clientCertificateData"`
			Key   string    `json:"clientKeyData"`
			Until time.Time `json:"expirationTimestamp"`
		} `json:"status"`
	}
	if json.Unmarshal(out, &c) != nil || c.Kind != "ExecCredential" || c.Status.Token == "" && c.Status.Cert == "" {
		return answer{}, errors.New("what it writes is no ExecCredential with a token or a certificate")
	}
	a := answer{token: leak.NewSecret([]byte(c.Status.Token)), until: c.Status.Until}
	if c.Status.Cert != "" {
		pair, err := tls.X509KeyPair([]byte(c.Status.Cert), []byte(c.Status.Key))
		if err != nil {
			return answer{}, errors.New("its certificate and key are no pair")
		}
		a.pair = &pair
	}
	return a, nil
}

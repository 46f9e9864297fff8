package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is a program that was started here and is ended by its id.
type Process struct {
	cmd  *exec.Cmd
	done chan error
}

// StartProcess runs a program with its output in a file.
func StartProcess(log string, name string, args ...string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log %s: %w", name, err)
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &Process{cmd: cmd, done: make(chan error, 1)}
	go func() { p.done <- cmd.Wait() }()
	return p, nil
}

// ended tells whether it has ended by itself, or was ended.
func (p *Process) ended() bool {
	select {
	case err := <-p.done:
		p.done <- err
		return true
	default:
		return false
	}
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Kill ends it as a node's failure does: without a word.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill %d: %w", p.Pid(), err)
	}
	p.done <- <-p.done // for whoever asks again
	return nil
}

// Stop asks it to end and waits; after grace it is killed, which is an error.
func (p *Process) Stop(grace time.Duration) error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %d: %w", p.Pid(), err)
	}
	select {
	case err := <-p.done:
		p.done <- err
		return nil
	case <-time.After(grace):
		if err := p.Kill(); err != nil {
			return err
		}
		return fmt.Errorf("%s did not end within %v", filepath.Base(p.cmd.Path), grace)
	}
}

// StartControllers runs the controllers that make pods of templates, with service
// accounts of their own as every distributor has them, so that admission sees who made
// what.
func (p *Plane) StartControllers(program, dir string) (*Process, error) {
	kubeconfig, err := p.Kubeconfig(dir)
	if err != nil {
		return nil, err
	}
	key := filepath.Join(p.Env.ControlPlane.GetAPIServer().CertDir, "sa-signer.key")
	return StartProcess(filepath.Join(dir, "controllers.log"), program,
		"--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig, "--authorization-kubeconfig", kubeconfig,
		"--service-account-private-key-file", key, "--use-service-account-credentials=true",
		"--controllers=deployment-controller,replicaset-controller,serviceaccount-controller,serviceaccount-token-controller,namespace-controller,cronjob-controller,job-controller,validatingadmissionpolicy-status-controller",
		"--leader-elect=false", "--secure-port=0", "--kube-api-qps=500", "--kube-api-burst=500")
}

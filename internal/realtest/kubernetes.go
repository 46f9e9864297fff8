package realtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// kubernetesModule is where the Kubernetes programs are pinned, seen from the
// top of the repository.
const kubernetesModule = "tools/k8s"

// kubernetes is one of the programs that k8s.io/kubernetes builds, made from our
// module of pins. Its folder's name holds those pins, so another release is
// another folder. The first of them costs some 520 seconds of a core where Go's
// build cache is empty (2 cores, Go 1.26), each further one 40 to 150.
func kubernetes(program string) Part {
	module, pins, err := kubernetesPins()
	return Part{
		Name:    program,
		Program: program,
		recipe:  strings.Join(append(kubernetesBuild("", program, "v0.0"), pins), "\n"),
		bring: func(ctx context.Context, dir string) error {
			if err != nil {
				return err
			}
			version, err := kubernetesVersion(pins)
			if err != nil {
				return err
			}
			args := kubernetesBuild(filepath.Join(dir, program), program, version)
			return run(ctx, module, "env", append([]string{"CGO_ENABLED=0", "GOWORK=off", "go"}, args...)...)
		},
	}
}

// kubernetesBuild are the arguments of go. Without the version the programs call
// themselves v0.0.0-master, and clients refuse to talk to that.
func kubernetesBuild(out, program, version string) []string {
	minor := strings.Split(version, ".")[1]
	set := " -X k8s.io/component-base/version."
	flags := "-s -w" + set + "gitVersion=" + version + set + "gitMajor=1" + set + "gitMinor=" + minor
	return []string{"build", "-trimpath", "-ldflags", flags, "-o", out, "k8s.io/kubernetes/cmd/" + program}
}

// kubernetesPins finds the module, above the folder that the caller runs in, and
// reads what it pins. A caller outside of the repository has no such parts.
func kubernetesPins() (module, pins string, err error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for {
		module = filepath.Join(dir, filepath.FromSlash(kubernetesModule))
		mod, err := os.ReadFile(filepath.Join(module, "go.mod"))
		if err == nil {
			sum, err := os.ReadFile(filepath.Join(module, "go.sum"))
			return module, string(mod) + string(sum), err
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", "", errors.New("there is no " + kubernetesModule + " in a folder above; run it inside of the repository")
		}
		dir = up
	}
}

// kubernetesVersion is the release that the pins name, as v1.37.2.
func kubernetesVersion(pins string) (string, error) {
	for line := range strings.Lines(pins) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) == 2 && words[0] == "k8s.io/kubernetes" {
			return words[1], nil
		}
	}
	return "", fmt.Errorf("%s/go.mod requires no k8s.io/kubernetes", kubernetesModule)
}

// etcd is the store that the API server needs. The distribution's package is
// unpacked, not installed.
func etcd() Part {
	return Part{
		Name:    "etcd",
		Program: "usr/bin/etcd",
		recipe:  "apt-get download etcd-server; dpkg -x",
		bring:   func(ctx context.Context, dir string) error { return unpack(ctx, dir, "etcd-server") },
	}
}

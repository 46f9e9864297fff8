package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner/podsource"
)

func (a *app) scanK8sCommand(f *scanFlags) *cobra.Command {
	live := &clusterFlags{}
	c := &cobra.Command{
		Use:   "k8s [FILE|DIR|-]...",
		Short: "Kubernetes objects: manifests, rendered charts, what kubectl prints, a running cluster",
		Long: `Scans Kubernetes objects field by field: every string of every kind, known or not,
under the name that it has. The base64 of Secrets, files in ConfigMaps, Helm releases
and last-applied-configuration are unpacked; references (valueFrom, secretKeyRef …),
sealed and encrypted values are not taken for secrets.

A folder stands for the .yaml, .yml and .json files in it, "-" for standard input:
  helm template CHART | oakum scan k8s -
  kubectl get deployments,configmaps,secrets -A -o json | oakum scan k8s -

--live asks the API of a running cluster instead, page by page. What the account may
not list is a gap that names the permission.`,
		RunE: func(c *cobra.Command, args []string) error {
			if live.live {
				return a.scanLive(c, f, live, args)
			}
			if err := live.misused(c); err != nil {
				return err
			}
			return a.scan(c.Context(), f, func() (target, error) { return a.k8sTarget(c.Context(), orHere(args)) })
		},
	}
	live.registerLive(c)
	return c
}

func (a *app) k8sTarget(ctx context.Context, paths []string) (target, error) {
	var manifests []podsource.Manifest
	for _, p := range paths {
		more, err := a.manifests(ctx, p)
		if err != nil {
			return target{}, err
		}
		manifests = append(manifests, more...)
	}
	if len(manifests) == 0 {
		return target{}, fmt.Errorf("no .yaml, .yml or .json file in %s", strings.Join(paths, " "))
	}
	info := report.Target{Kind: "k8s", Path: filepath.ToSlash(strings.Join(paths, " "))}
	return target{source: podsource.New(manifests...), settle: podsource.Settle, info: info}, nil
}

// manifests are the files that one argument stands for.
func (a *app) manifests(ctx context.Context, path string) (list []podsource.Manifest, err error) {
	if path == "-" {
		return []podsource.Manifest{{Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(&interruptible{ctx: ctx, in: a.In}), nil
		}}}, nil
	}
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && name == path:
			return fmt.Errorf("scan: %w", err)
		case err != nil: // told as a gap, when it is opened
		case e.IsDir() && name != path && e.Name() == ".git":
			return filepath.SkipDir
		case e.IsDir():
			return nil
		case name != path && !slices.Contains([]string{".yaml", ".yml", ".json"}, strings.ToLower(filepath.Ext(name))):
			return nil
		}
		list = append(list, manifestAt(name))
		return nil
	})
	return list, err
}

func manifestAt(name string) podsource.Manifest {
	return podsource.Manifest{Name: filepath.ToSlash(name), Open: func(context.Context) (io.ReadCloser, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			f.Close()
			return nil, errors.Join(err, errors.New("no regular file"))
		}
		return f, nil
	}}
}

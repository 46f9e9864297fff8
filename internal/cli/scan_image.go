package cli

import (
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// imageFlags say which images are wanted.
type imageFlags struct {
	platform string
	allTags  bool
	catalog  bool
	noCache  bool
}

func (a *app) scanImageCommand(f *scanFlags) *cobra.Command {
	var i imageFlags
	c := &cobra.Command{
		Use:   "image REF...",
		Short: "Container images: every layer, deleted files too, configuration, history and what is attached",
		Long: `Scans container images, whole: the files of each layer, also those that a later layer
deletes or overwrites; environment, labels, commands and the history with its build
arguments; annotations, SBOMs and attestations. A layer that several images share is
read once, and one that an earlier scan with the same rules has looked at is not read
again: what was told of it is told anew (--no-cache reads everything).

REF is one of
  NAME[:TAG|@DIGEST]        in a registry, logged in as docker is; without TLS only on
                            this machine
  docker-archive:FILE[:TAG] what docker save writes, compressed or not
  oci-archive:FILE[:TAG]    a tar of an OCI layout
  oci:DIR[:TAG]             an OCI layout
  daemon:NAME               an image of the docker daemon`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.scan(c.Context(), f, func() (target, error) { return i.target(args) })
		},
	}
	p := c.Flags()
	p.StringVar(&i.platform, "platform", "", "of several platforms only `OS/ARCH[/VARIANT]` (default: all)")
	p.BoolVar(&i.allTags, "all-tags", false, "REF is a repository: scan every tag of it")
	p.BoolVar(&i.catalog, "catalog", false, "REF is a registry: scan every tag of every repository")
	p.BoolVar(&i.noCache, "no-cache", false, "read layers that an earlier scan has looked at too, and remember none")
	c.MarkFlagsMutuallyExclusive("all-tags", "catalog")
	return c
}

func (i *imageFlags) target(refs []string) (target, error) {
	opt := imagesource.Options{AllTags: i.allTags, Catalog: i.catalog}
	if i.platform != "" {
		p, err := v1.ParsePlatform(i.platform)
		if err != nil {
			return target{}, fmt.Errorf("--platform: %w", err)
		}
		opt.Platform = p
	}
	for _, ref := range refs {
		if strings.TrimSpace(ref) == "" {
			return target{}, errors.New("an image has no name")
		}
	}
	src := imagesource.New(refs, opt)
	t := target{source: src, settle: src.Settle, info: report.Target{Kind: "image", Path: strings.Join(refs, " ")}}
	if !i.noCache {
		t.layers = src
	}
	return t, nil
}

// Images makes container images of oakum's programs with ko: one static binary over
// a base of root certificates and a user who is not root. It needs no container
// engine, and the same commit, Go release and base give the same digests.
//
// Its base is made here (base.go), because then nothing has to be trusted or fetched
// that go.sum does not pin; -base takes another, such as distroless' static:nonroot.
//
// It writes OCI layouts, one folder a program, which `oakum scan image oci:FOLDER`,
// skopeo and crane read; with -push it sends them to a registry too.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/ko/pkg/build"
	"github.com/google/ko/pkg/publish"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "images: %v\n", err)
		os.Exit(1)
	}
}

// modules are where the programs' mains are, by the programs' names.
var modules = map[string]string{"oakum": ".", "oakum-webhook": "webhook", "oakum-remediate": "remediate"}

// options are what the flags say.
type options struct {
	source, out, base, push string
	programs, platforms     []string
}

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("images", flag.ContinueOnError)
	var o options
	f.StringVar(&o.source, "source", ".", "the `FOLDER` of a clone of oakum")
	f.StringVar(&o.out, "out", "dist-images", "the `FOLDER` to write into")
	f.StringVar(&o.base, "base", "", "a base `IMAGE` in a registry; without it the base is made here")
	f.StringVar(&o.push, "push", "", "also push to this `REPOSITORY`, as REPOSITORY/oakum:VERSION")
	programs := f.String("programs", "oakum,oakum-webhook,oakum-remediate", "of which `PROGRAMS`")
	platforms := f.String("platforms", "linux/amd64,linux/arm64", "for which `PLATFORMS`")
	if err := f.Parse(args); err != nil {
		return err
	}
	o.programs, o.platforms = strings.Split(*programs, ","), strings.Split(*platforms, ",")
	c, err := head(ctx, o.source)
	if err != nil {
		return err
	}
	for _, p := range o.programs {
		if err := o.image(ctx, p, c); err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
	}
	return nil
}

// image makes one program's image.
func (o options) image(ctx context.Context, program string, c commit) error {
	module, ok := modules[program]
	if !ok {
		return fmt.Errorf("no program of that name")
	}
	b, err := build.NewGo(ctx, filepath.Join(o.source, module),
		build.WithBaseImages(o.getBase(c.at)),
		build.WithPlatforms(o.platforms...),
		build.WithCreationTime(v1.Time{Time: c.at}),
		build.WithTrimpath(true),
		build.WithDefaultLdflags([]string{"-s", "-w"}),
		build.WithDefaultFlags([]string{"-buildvcs=true"}),
		build.WithDefaultEnv([]string{"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off"}),
		build.WithDisabledSBOM(), // the release's CycloneDX files tell what the programs are made of
		build.WithLabel("org.opencontainers.image.source", "https://github.com/oakum-sec/oakum"),
		build.WithLabel("org.opencontainers.image.revision", c.id),
		build.WithLabel("org.opencontainers.image.version", c.version),
		build.WithLabel("org.opencontainers.image.licenses", "Apache-2.0"),
		build.WithUser(nonroot),
	)
	if err != nil {
		return err
	}
	path, err := b.QualifyImport("./cmd/" + program)
	if err != nil {
		return err
	}
	made, err := b.Build(ctx, path)
	if err != nil {
		return err
	}
	return o.publish(ctx, made, program, path, c.version)
}

// publish writes the image down and, where the user says so, sends it away.
func (o options) publish(ctx context.Context, made build.Result, program, path, version string) error {
	to := filepath.Join(o.out, program)
	if err := os.RemoveAll(to); err != nil { // an image of an earlier run would be a second one in it
		return err
	}
	if err := write(made, to); err != nil {
		return fmt.Errorf("write %s: %w", to, err)
	}
	digest, err := made.Digest()
	if err != nil {
		return err
	}
	fmt.Printf("oci:%s@%s\n", filepath.ToSlash(to), digest)
	if o.push == "" {
		return nil
	}
	registry, err := publish.NewDefault(o.push, publish.WithAuthFromKeychain(authn.DefaultKeychain), publish.WithTags([]string{version}),
		publish.WithNamer(func(base, _ string) string { return base + "/" + program }))
	if err != nil {
		return err
	}
	ref, err := registry.Publish(ctx, made, path)
	if err != nil {
		return fmt.Errorf("push to %s: %w", o.push, err)
	}
	fmt.Println(ref)
	return nil
}

// write makes an OCI layout of an image, or of an index of them. (ko's own publisher
// of layouts takes the folder's path for a repository's name, and refuses many.)
func write(made build.Result, dir string) error {
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	switch made := made.(type) {
	case v1.ImageIndex:
		return to.AppendIndex(made)
	case v1.Image:
		return to.AppendImage(made)
	}
	return fmt.Errorf("neither an image nor an index: %T", made)
}

// commit is what the images are of.
type commit struct {
	id, version string
	at          time.Time
}

// head reads the commit that is checked out; a tag on it is its version.
func head(ctx context.Context, dir string) (c commit, err error) {
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		out, gitErr := cmd.Output()
		if gitErr != nil && err == nil {
			err = fmt.Errorf("git %s: %w", args[0], gitErr)
		}
		return strings.TrimSpace(string(out))
	}
	if git("status", "--porcelain") != "" {
		return c, fmt.Errorf("%s has changes or files that git does not know: make images from a clone (git clone . DIR)", dir)
	}
	c.id = git("rev-parse", "HEAD")
	c.version = strings.TrimPrefix(git("describe", "--tags", "--always", "--match", "v*"), "v")
	when := git("show", "-s", "--format=%cI", "HEAD")
	if err != nil {
		return c, err
	}
	if c.at, err = time.Parse(time.RFC3339, when); err != nil {
		return c, fmt.Errorf("the time of %s: %w", c.id, err)
	}
	c.at = c.at.UTC()
	return c, nil
}

// Command images measures scans of one image in its forms, beside what it takes to
// read it: gunzip of its layers, sha256sum of its archive, pulling it from a registry
// on this machine. All run in turns; ratios are the result.
//
//	make bench IMAGE=DIR      an OCI layout, as umoci, skopeo and buildah write it
//
// ../README.md says what the rows mean.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/oakum-sec/oakum/bench/process"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	oakum := flag.String("oakum", "../bin/oakum", "the built `program`")
	image := flag.String("image", "", "an OCI layout's `folder`")
	runs := flag.Int("runs", 5, "how often each is measured")
	scratch := flag.String("setup", "", "make the forms in this `folder`, serve them until stdin ends (for the program itself)")
	flag.Parse()
	err := error(nil)
	if *scratch != "" {
		err = serve(ctx, *scratch, *image)
	} else {
		err = run(ctx, *oakum, *image, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, oakum, image string, runs int) error {
	if image == "" {
		return errors.New("-image: an OCI layout's folder")
	}
	scratch, err := os.MkdirTemp("", "oakum-images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	s, end, err := start(ctx, scratch, image)
	if err != nil {
		return err
	}
	defer end()
	if s.oakum, err = filepath.Abs(oakum); err != nil {
		return err
	}
	fmt.Printf("%s/%s, %d cores, %s; %d layers, %.1f MB packed, %.1f MB unpacked; the least of %d runs in turns\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), s.Layers, mb(s.Packed), mb(s.Unpacked), runs)
	for _, t := range s.tables() {
		if err := t.measure(ctx, runs); err != nil {
			return err
		}
	}
	return nil
}

// table is scans beside what they are compared with, the first of the programs.
type table struct {
	against process.Program
	scans   []process.Program
	bar     float64 // wall, of the last scan; 0: none
}

// fine: a scan may find something, or say that something could not be looked at.
var fine = []int{1, 3}

// peakBar is what a scan may hold, in bytes.
const peakBar = 120e6

func (t table) measure(ctx context.Context, runs int) error {
	costs, err := process.Best(ctx, runs, append([]process.Program{t.against}, t.scans...)...)
	if err != nil {
		return err
	}
	fmt.Printf("%-46s %8.0f ms wall %8.0f ms cpu %7.1f MB\n", t.against.Name, ms(costs[0]), cpu(costs[0]), mb(costs[0].Peak))
	for i, p := range t.scans {
		c := costs[i+1]
		if c.Failed {
			return fmt.Errorf("%s: exit %d: %s", p.Name, c.Exit, c.Said)
		}
		ratio := ms(c) / ms(costs[0])
		fmt.Printf("  %-44s %8.0f ms wall %8.0f ms cpu %7.1f MB  ratio %.2f", p.Name, ms(c), cpu(c), mb(c.Peak), ratio)
		if t.bar > 0 && i == len(t.scans)-1 {
			fmt.Printf(", bar %.1f: %s", t.bar, verdict(ratio <= t.bar))
		}
		fmt.Printf("; peak under 120 MB: %s\n", verdict(c.Peak < peakBar))
	}
	return nil
}

func verdict(holds bool) string {
	if holds {
		return "holds"
	}
	return "MISSED"
}

func ms(c process.Cost) float64  { return float64(c.Wall.Microseconds()) / 1000 }
func cpu(c process.Cost) float64 { return float64(c.CPU.Microseconds()) / 1000 }
func mb(n int64) float64         { return float64(n) / 1e6 }

func (s *setup) tables() []table {
	docker, oci := "docker-archive:"+s.at("docker.tar"), "oci-archive:"+s.at("oci.tar")
	out := []table{
		{process.Command("gunzip of the layers", s.scratch, nil, "sh", "-c", s.gunzip()), []process.Program{s.scan("oci-archive", oci)}, 1.3},
		{process.Command("sha256sum of the archive", s.scratch, nil, "sha256sum", s.at("docker.tar")), []process.Program{s.scan("docker-archive", docker)}, 1.5},
	}
	for _, h := range s.Hosts {
		pull := process.Command("pull from "+h.Name, s.scratch, nil, s.at("pull"), h.ref("v1"))
		out = append(out,
			table{process.Command("pull from "+h.Name+", no unpacking", s.scratch, nil, s.at("pull"), "-bare", h.ref("v1")), []process.Program{s.scan("registry", h.ref("v1"))}, 0},
			table{pull, []process.Program{s.scan("registry", h.ref("v1"))}, 1.3},
			s.family("registry "+h.Name, h.ref("v1"), h.ref("v2")))
	}
	return append(out,
		s.family("oci-archive", oci, "oci-archive:"+s.at("oci2.tar")),
		s.family("docker-archive", docker, "docker-archive:"+s.at("docker2.tar")))
}

// scan is a scan that remembers nothing.
func (s *setup) scan(form, ref string) process.Program {
	return process.Command("oakum scan image, "+form, s.scratch, fine, s.oakum, "scan", "image", "--quiet", "--no-cache", ref)
}

// family is a first tag of which nothing is known, and a second one that has a layer more.
func (s *setup) family(form, one, two string) table {
	state := s.at("state-" + strings.ReplaceAll(form, " ", "-"))
	env := []string{"OAKUM_STATE_DIR=" + state}
	scan := func(ref string) process.Step {
		return process.Step{Args: []string{s.oakum, "scan", "image", "--quiet", ref}, Dir: s.scratch, Env: env}
	}
	clear := process.Step{Args: []string{"rm", "-rf", state}}
	return table{
		process.Program{Name: "first tag, " + form, Steps: []process.Step{clear, scan(one)}, Fine: fine},
		[]process.Program{{Name: "second tag", Steps: []process.Step{scan(two)}, Fine: fine}}, 0.2}
}

func build(ctx context.Context, out, dir string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, dir)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", dir, err, said)
	}
	return nil
}

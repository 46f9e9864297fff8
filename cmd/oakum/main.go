// Oakum finds hardcoded credentials in files and git repositories and keeps new
// ones out. `oakum --help` lists its commands.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/oakum-sec/oakum/internal/cli"
)

func main() { os.Exit(run()) }

// run turns the first Ctrl-C into the end of the context, so that a scan says
// what it found until then; the second one kills.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, os.Args, os.Environ(), cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

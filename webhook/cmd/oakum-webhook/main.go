// Oakum-webhook is what oakum runs for what needs a Kubernetes client: the
// admission server, its audit, and `scan k8s --live`. It has every command of
// oakum besides, so that a scan means the same in both.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/oakum-sec/oakum/internal/cli"
	"github.com/oakum-sec/oakum/webhook/internal/command"
)

func main() { os.Exit(run()) }

// run turns the first Ctrl-C, or the SIGTERM that a node sends to a pod, into the
// end of the context; the second one kills.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, command.Program(), os.Args, os.Environ(), cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// Oakum-remediate is what oakum runs for what needs a cloud's SDK. It has every
// command of oakum besides, so that a scan means the same in both.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/oakum-sec/oakum/internal/cli"
)

func main() { os.Exit(run()) }

// program is what this binary does itself, of what oakum leaves to it.
func program() cli.Program {
	return cli.Program{Name: "oakum-remediate", Commands: commands, Clouds: clouds()}
}

// run turns the first Ctrl-C into the end of the context; the second one kills.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, program(), os.Args, os.Environ(), cli.Stdio{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
}

// Command parts brings real parts: parts NAME… makes each ready and prints its
// name and program, one a line. It is what `make parts` runs.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/oakum-sec/oakum/internal/realtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for _, name := range os.Args[1:] {
		if err := bring(ctx, name); err != nil {
			fmt.Fprintln(os.Stderr, "parts:", err)
			os.Exit(1)
		}
	}
}

func bring(ctx context.Context, name string) error {
	part, err := realtest.Named(name)
	if err != nil {
		return err
	}
	path, err := part.Bring(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("%s\t%s\n", name, path)
	return err
}

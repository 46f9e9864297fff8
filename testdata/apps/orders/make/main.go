// Make renders the sample project into a git repository of its own:
//
//	go run ./testdata/apps/orders/make DIR
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"

	"github.com/oakum-sec/oakum/testdata/apps/orders"
)

func main() {
	seed := flag.Uint64("seed", 1, "what its credentials are made from")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: make [-seed N] DIR")
		os.Exit(2)
	}
	if err := write(flag.Arg(0), *seed); err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(2)
	}
	fmt.Printf("a leaking project is in %s; next:\n  oakum scan %s\n", flag.Arg(0), flag.Arg(0))
}

// write makes the project and its first commit. What is in the folder stays there.
func write(dir string, seed uint64) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a folder that is not there yet", dir)
	}
	if err := orders.Write(dir, seed); err != nil {
		return err
	}
	for _, args := range [][]string{{"init", "--quiet", "--initial-branch=main"}, {"add", "--all"},
		{"-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--no-verify", "--message=Serve orders"}} {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("git %s: %w", args[0], err)
		}
	}
	return nil
}

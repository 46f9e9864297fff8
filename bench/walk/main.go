// Command walk walks a folder and reads every regular file in it, with one
// worker a core: the least that a scan of the folder must do. It is written
// plainly, with the standard library alone.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
)

// batch files are handed over at once: a channel costs too much a file.
const batch = 64

func main() {
	var files, bytes atomic.Int64
	work := make(chan []string, runtime.GOMAXPROCS(0))
	var readers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() {
			buf := make([]byte, 1<<20)
			for names := range work {
				for _, name := range names {
					files.Add(1)
					bytes.Add(read(name, buf))
				}
			}
		})
	}
	var names []string
	err := filepath.WalkDir(os.Args[1], func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if names = append(names, name); len(names) == batch {
			work <- names
			names = nil
		}
		return nil
	})
	work <- names
	close(work)
	readers.Wait()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d %d\n", files.Load(), bytes.Load())
}

func read(name string, buf []byte) (total int64) {
	f, err := os.Open(name)
	if err != nil {
		return 0
	}
	defer f.Close()
	for {
		n, err := f.Read(buf)
		total += int64(n)
		if err == io.EOF || err != nil || n < len(buf) {
			return total
		}
	}
}

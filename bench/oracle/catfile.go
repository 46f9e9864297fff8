package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// catFile is the source of all blobs, commits and tags that git prints, each
// read whole into memory.
type catFile struct {
	path    string
	known   *catalog
	seen    map[string]bool
	unknown int // objects of which the catalog does not know
	lost    int // of which it knows a gap
}

func (c *catFile) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	c.seen, c.unknown, c.lost = map[string]bool{}, 0, 0
	return func(yield func(scanner.Blob, error) bool) {
		ctx, cancel := context.WithCancel(ctx) // ends git where the consumer has enough
		defer cancel()
		cmd := exec.CommandContext(ctx, "git", "-C", c.path, "cat-file", "--batch-all-objects", "--batch", "--unordered", "--buffer")
		cmd.Env = append(cmd.Environ(), "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1")
		var words bytes.Buffer
		cmd.Stderr = &words
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			more := true
			if more, err = c.each(bufio.NewReaderSize(out, 1<<20), yield); !more {
				cancel()
				_ = cmd.Wait()
				return
			}
			if ended := cmd.Wait(); err == nil && ended != nil {
				err = fmt.Errorf("%w: %s", ended, bytes.TrimSpace(words.Bytes()))
			}
		}
		if err != nil {
			yield(scanner.Blob{}, fmt.Errorf("git cat-file: %w", err))
		}
	}
}

// each yields the objects of git's output; false where the consumer has enough.
func (c *catFile) each(r *bufio.Reader, yield func(scanner.Blob, error) bool) (more bool, err error) {
	for {
		id, kind, text, err := next(r)
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return true, err
		}
		if kind == "tree" {
			continue
		}
		if !yield(c.blob(id, text), nil) {
			return false, nil
		}
	}
}

// next reads one object as git-cat-file(1) has it under "batch output": a line
// of id, type and size, the content, a line's end. A tree's content is passed
// over. io.EOF: there is none left.
func next(r *bufio.Reader) (id, kind string, text []byte, err error) {
	head, err := r.ReadString('\n')
	if err == io.EOF && head == "" {
		return "", "", nil, io.EOF
	}
	fields := strings.Fields(head)
	if err != nil || len(fields) != 3 {
		return "", "", nil, fmt.Errorf("%q is no object's head (%v)", head, err)
	}
	id, kind = fields[0], fields[1]
	size, err := strconv.Atoi(fields[2])
	if err != nil || size < 0 {
		return "", "", nil, fmt.Errorf("%q is no size", fields[2])
	}
	if kind == "tree" {
		_, err = r.Discard(size + 1)
		return id, kind, nil, cut(err)
	}
	text = make([]byte, size)
	if _, err = io.ReadFull(r, text); err == nil {
		_, err = r.Discard(1)
	}
	return id, kind, text, cut(err)
}

// cut makes an end within an object an error like any other.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// blob is the object with what the catalog knows of it.
func (c *catFile) blob(id string, text []byte) scanner.Blob {
	c.seen[id] = true
	b, ok := c.known.blobs[id]
	switch {
	case ok:
	case c.known.lost[id]:
		c.lost++
		b = scanner.Blob{Place: leak.GitBlob{Blob: id}, Sum: id}
	default:
		c.unknown++
		b = scanner.Blob{Place: leak.GitBlob{Blob: id}, Sum: id}
	}
	b.Size = int64(len(text))
	b.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return b
}

package hook

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Update is one ref that a push changes: what it pointed at, and what it will.
// "" stands for git's id of zeros: there was nothing, or will be nothing.
type Update struct {
	Ref string // on the side that receives
	Old string
	New string
}

// Deletes tells that nothing new comes with the update.
func (u Update) Deletes() bool { return u.New == "" }

// ReadPush reads what git hands to pre-push: "local-ref local-id remote-ref
// remote-id", a line an update (githooks(5)).
func ReadPush(r io.Reader) ([]Update, error) {
	return readLines(r, 4, func(f []string) Update { return Update{Ref: f[2], Old: id(f[3]), New: id(f[1])} })
}

// ReadReceive reads what git hands to pre-receive: "old-id new-id ref".
func ReadReceive(r io.Reader) ([]Update, error) {
	return readLines(r, 3, func(f []string) Update { return Update{Ref: f[2], Old: id(f[0]), New: id(f[1])} })
}

// maxLine is far above what git writes: a ref's name is limited by file systems
// to 4 KiB.
const maxLine = 64 << 10

func readLines(r io.Reader, fields int, update func([]string) Update) ([]Update, error) {
	var all []Update
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		f := strings.Split(lines.Text(), " ") // no ref holds a blank: git-check-ref-format(1)
		if len(f) != fields {
			return nil, fmt.Errorf("read what git pushes: line %d has %d words, expected %d", len(all)+1, len(f), fields)
		}
		u := update(f)
		for _, name := range []string{u.Old, u.New} {
			if strings.Trim(name, "0123456789abcdef") != "" || name != "" && len(name) != 40 && len(name) != 64 {
				return nil, fmt.Errorf("read what git pushes: line %d has no object id where one is due", len(all)+1)
			}
		}
		all = append(all, u)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read what git pushes: %w", err)
	}
	return all, nil
}

func id(hex string) string {
	if strings.Trim(hex, "0") == "" {
		return ""
	}
	return hex
}

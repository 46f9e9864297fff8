package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Sum adds the samples of a metric, in Prometheus' text format, whose labels hold all of
// the words.
func Sum(text []byte, name string, words ...string) (sum float64, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
next:
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), name)
		if !ok || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		for _, w := range words {
			if !strings.Contains(rest, w) {
				continue next
			}
		}
		value := rest[strings.LastIndexByte(rest, ' ')+1:]
		f, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("read metric %s: %w", name, err)
		}
		sum += f
	}
	return sum, lines.Err()
}

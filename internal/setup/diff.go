package setup

import (
	"fmt"
	"strings"
)

// around is how many lines that stay are shown beside those that change.
const around = 3

// edit is a line of a difference: ' ' stays, '-' goes, '+' comes.
type edit struct {
	mark byte
	line string
}

// edits is a shortest way from one list of lines to another, by the longest list that
// both have (Hunt and McIlroy 1976). Its table has a cell for each pair of lines, so
// what is the same at both ends is left out of it; settings files are short.
func edits(old, now []string) (all []edit) {
	head := 0
	for head < len(old) && head < len(now) && old[head] == now[head] {
		all = append(all, edit{' ', old[head]})
		head++
	}
	tail := 0
	for tail < len(old)-head && tail < len(now)-head && old[len(old)-1-tail] == now[len(now)-1-tail] {
		tail++
	}
	all = append(all, middle(old[head:len(old)-tail], now[head:len(now)-tail])...)
	for _, line := range old[len(old)-tail:] {
		all = append(all, edit{' ', line})
	}
	return all
}

// maxTable bounds the table, in cells.
const maxTable = 4 << 20

func middle(old, now []string) (all []edit) {
	if len(old)*len(now) > maxTable {
		for _, line := range old {
			all = append(all, edit{'-', line})
		}
		for _, line := range now {
			all = append(all, edit{'+', line})
		}
		return all
	}
	common := make([][]int, len(old)+1) // of old[i:] and now[j:]
	for i := range common {
		common[i] = make([]int, len(now)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if old[i] == now[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(old) || j < len(now) {
		switch {
		case i < len(old) && j < len(now) && old[i] == now[j]:
			all = append(all, edit{' ', old[i]})
			i, j = i+1, j+1
		case j == len(now) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			all = append(all, edit{'-', old[i]})
			i++
		default:
			all = append(all, edit{'+', now[j]})
			j++
		}
	}
	return all
}

// hunks writes the lines that change and those around them.
func hunks(old, now []string) string {
	all := edits(old, now)
	near := make([]bool, len(all))
	for i, e := range all {
		for k := max(0, i-around); e.mark != ' ' && k < min(len(all), i+around+1); k++ {
			near[k] = true
		}
	}
	var b strings.Builder
	was, is := 1, 1
	for i := 0; i < len(all); {
		if !near[i] {
			was, is, i = was+1, is+1, i+1
			continue
		}
		var body strings.Builder
		gone, come, n := 0, 0, i
		for ; n < len(all) && near[n]; n++ {
			fmt.Fprintf(&body, "%c%s\n", all[n].mark, all[n].line)
			if all[n].mark != '+' {
				gone++
			}
			if all[n].mark != '-' {
				come++
			}
		}
		fmt.Fprintf(&b, "@@ -%s +%s @@\n%s", span(was, gone), span(is, come), body.String())
		was, is, i = was+gone, is+come, n
	}
	return b.String()
}

// span is a stretch of lines as diff writes it.
func span(from, n int) string {
	if n == 0 {
		from--
	}
	return fmt.Sprintf("%d,%d", from, n)
}

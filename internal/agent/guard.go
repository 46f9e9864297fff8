package agent

import (
	"path"
	"slices"
	"strings"
)

// own are commands of oakum that change what is let through. They say whose word
// counts, and an agent's does not: it would open the door that it stands at.
var own = [][]string{{"trust"}, {"allow", "add"}, {"allow", "import"}, {"baseline"}, {"hook", "uninstall"}, {"init"}}

// guarded names the command of oakum in a command line that only a person may
// type, "" where there is none.
func guarded(line string) string {
	for _, words := range commands(line) {
		i := slices.IndexFunc(words, func(w string) bool {
			name := strings.TrimSuffix(path.Base(strings.ReplaceAll(w, `\`, "/")), ".exe")
			return name == "oakum"
		})
		if i < 0 {
			continue
		}
		rest := slices.DeleteFunc(slices.Clone(words[i+1:]), func(w string) bool { return strings.HasPrefix(w, "-") })
		for _, cmd := range own {
			if len(rest) >= len(cmd) && slices.Equal(rest[:len(cmd)], cmd) {
				return "oakum " + strings.Join(cmd, " ")
			}
		}
	}
	return ""
}

package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/consumertest"
	"github.com/oakum-sec/oakum/remediate/store"
)

func TestConformance(t *testing.T) {
	dir, u := t.TempDir(), update(t)
	consumertest.Run(t, &consumertest.Bench{Update: u,
		Open: func() consumer.Consumer {
			return parse(t, dir, "run: [sh, -c, 'cat > given; echo \"$OAKUM_OP\" > ran']\nundo: same\ncheck: [sh, -c, 'test \"$(cat ran)\" = \"$OAKUM_OP\"']\nstdin: {password: password}")
		},
		Reset: func() error {
			for name, text := range map[string]string{"given": store.Plain(u.Old["password"]), "ran": ""} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					return err
				}
			}
			return nil
		},
		Holds: func() (string, error) {
			switch text := read(t, dir, "given"); {
			case strings.Contains(text, store.Plain(u.New["password"])):
				return "new", nil
			case strings.Contains(text, store.Plain(u.Old["password"])):
				return "old", nil
			}
			return "neither", nil
		},
	})
}

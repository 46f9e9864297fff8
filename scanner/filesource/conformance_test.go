package filesource_test

import (
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/filesource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

func TestConformance(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"a/.env":           leaktest.Must(1, `TOKEN={{github "ghp_"}}`),
		"a/empty":          "",
		"b/c/d/config.yml": leaktest.Must(2, `password: {{randomPassword 16}}`),
		"b/key.pem":        leaktest.Must(3, `{{pem "OPENSSH"}}`),
		"c.txt":            "nothing",
	})
	sourcetest.Run(t, builtin.Set(), 5, func(*testing.T) scanner.Source { return filesource.New(dirs(dir), filesource.Options{}) })
}

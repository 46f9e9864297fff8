package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/act"
)

// TestChosenRun: nobody names the only run that is under way, and one that cannot be read
// is told where no other is found.
func TestChosenRun(t *testing.T) {
	const done, open, other, damaged = "p20260102-00000001", "p20260102-00000002", "p20260102-00000003", "p20260102-00000004"
	for name, c := range map[string]struct {
		there, args []string
		want, says  string
	}{
		"none":         {nil, nil, "", "no run is under way"},
		"ended":        {[]string{done}, nil, "", "no run is under way"},
		"one":          {[]string{done, open, damaged, "r20260102-00000005"}, nil, open, ""},
		"two":          {[]string{open, other}, nil, "", "2 runs are under way: name one of [" + open + " " + other + "]"},
		"unread":       {[]string{done, damaged}, nil, "", "the journal was changed"},
		"named":        {nil, []string{done}, done, ""},
		"a file":       {nil, []string{"plan.json"}, "", "no plan's id, such as p"},
		"a rotation's": {nil, []string{"r20260102-00000005"}, "", "no plan's id"},
	} {
		h := act.Home{Dir: t.TempDir()}
		for _, id := range c.there {
			if err := os.MkdirAll(h.Of(id), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		got, err := chosenRun(h, act.Plans, c.args, func(id string) (bool, error) {
			if id == damaged {
				return false, errors.New("the journal was changed")
			}
			return id == done, nil
		})
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) || err == nil && got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

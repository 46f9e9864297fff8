package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
)

func (a *app) rulesTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test [FILE]",
		Short: "Run the examples of every rule (want, not_want), built-in or in FILE",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			conf, err := configure(word{config: strings.Join(args, "")})
			if err != nil {
				return err
			}
			set, err := placeless(conf.set)
			if err != nil {
				return err
			}
			return a.testRules(set)
		},
	}
}

// placeless is the set without its rules' path conditions: an example is a text
// and stands in no file.
func placeless(set *rules.Set) (*rules.Set, error) {
	var all []rules.Rule
	for _, r := range set.Rules() {
		free := *r
		if r.Regex != "" || r.Matcher != "" {
			free.Path = ""
		}
		all = append(all, free)
	}
	return rules.Compile(all)
}

// testRules tells of each example that does not do what it says. Examples are
// templates, so what it prints of them holds no value.
func (a *app) testRules(set *rules.Set) error {
	tried, wrong := 0, 0
	for _, r := range set.Rules() {
		for i, tmpl := range slices.Concat(r.Want, r.NotWant) {
			want := 0
			if i < len(r.Want) {
				want = 1
			}
			tried++
			got, err := tryRule(set, r.ID, tmpl, uint64(i))
			if err == nil && got == want {
				continue
			}
			wrong++
			fmt.Fprintf(a.Out, "%s: want %d, found %d%s: %s\n", report.Escape(r.ID), want, got, errorText(err), report.Escape(tmpl))
		}
	}
	if tried == 0 {
		return errors.New("no rule has an example: add want = [\"…\"] to them")
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d examples do not hold", wrong, tried)
	}
	_, err := fmt.Fprintf(a.Out, "%d examples of %d rules hold\n", tried, len(set.Rules()))
	return err
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return " (" + report.Escape(err.Error()) + ")"
}

// tryRule counts what the rule finds in one example, whatever other rules make
// of it.
func tryRule(set *rules.Set, id, tmpl string, seed uint64) (found int, err error) {
	text, err := leaktest.Render(seed, tmpl)
	if err != nil {
		return 0, err
	}
	in := rules.Subject{Text: []byte(text), Now: time.Now()}
	for _, m := range set.Append(nil, in.Text) {
		if m.Rule.ID == id && set.Judge(&m, in) == "" {
			found++
		}
	}
	return found, nil
}

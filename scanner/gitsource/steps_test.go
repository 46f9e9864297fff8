package gitsource_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner/gitsource"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// workflow grows by a job a version; what every job has is a value of its own, a static
// key, and, in the odd ones, a role instead.
func workflow(jobs int) string {
	var b strings.Builder
	b.WriteString("on: push\njobs:\n")
	for i := range jobs {
		fmt.Fprintf(&b, "  job-%d:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      - name: Deploy %d\n        run: make deploy\n        env:\n", i, i)
		fmt.Fprintf(&b, "          API_TOKEN: %s\n", leaktest.Must(uint64(i), `{{alnum 32}}`))
		if i%2 == 0 {
			b.WriteString("          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS }}\n")
		}
		fmt.Fprintf(&b, "      # %s\n", strings.Repeat("what was said of it ", 40))
	}
	return b.String()
}

// A pipeline's versions, packed as deltas of each other, tell the steps that each of
// them by itself tells, the youngest one's and the renamed one's too.
func TestStepsOfVersions(t *testing.T) {
	const versions = 30
	eachFormat(t, func(t *testing.T, f object.Format) {
		s := newSandbox(t, f)
		for v := 1; v <= versions; v++ {
			s.write(".github/workflows/deploy.yml", workflow(v))
			s.write("docs/deploy.txt", workflow(v/2))
			s.commit("more")
		}
		s.git("mv", "docs/deploy.txt", ".gitlab-ci.yml")
		s.commit("another system's")
		s.git("repack", "-q", "-a", "-d", "-f", "--depth=50", "--window=30")
		n := s.wantNarrowed(t)
		text, _ := told(t, s.open(gitsource.Options{}))
		steps, held := strings.Count(text, `"step":{"system":"github-actions"`), strings.Count(text, `"static-identity"`)
		if want := versions*(versions+1)/2 + 240; steps != want || held != 240 {
			t.Errorf("%d steps, %d static keys of %d findings; want %d and 240", steps, held, n, want)
		}
		if last := fmt.Sprintf(`"job":"job-%d","step":"Deploy %[1]d","number":2,"variable":"API_TOKEN"`, versions-1); strings.Count(text, last) != 1 {
			t.Errorf("%s is told %d times", last, strings.Count(text, last))
		}
	})
}

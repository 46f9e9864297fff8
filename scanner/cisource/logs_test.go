package cisource_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/cisource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// zipOf packs files, given as names and texts.
func zipOf(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = f.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// store is where a vendor leads to for files: it is asked without the token, and knows
// each file by a key in the query.
type store struct {
	*httptest.Server
	t     *testing.T
	files map[string]string
}

func newStore(t *testing.T) *store {
	s := &store{t: t, files: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *store) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization")+r.Header.Get("PRIVATE-TOKEN") != "" {
		s.t.Error("the token went to another host")
	}
	text, known := s.files[r.URL.Path]
	if !known || r.URL.Query().Get("sig") != "of-the-url" {
		w.WriteHeader(http.StatusForbidden)
	}
	fmt.Fprint(w, text)
}

// leads answers a request for a file as GitHub does: with where it is.
func (s *store) leads(a *api, path, name, text string) {
	s.files["/"+name] = text
	a.lists[path] = listing{under: "file", items: []map[string]any{{"location": s.URL + "/" + name + "?sig=of-the-url"}}}
}

func run(number int, more ...any) map[string]any {
	r := map[string]any{"id": 1000 + number, "name": "CI", "run_number": number, "run_attempt": 1, "status": "completed", "conclusion": "success",
		"created_at": time.Date(2026, 11, number, 0, 0, 0, 0, time.UTC), "html_url": fmt.Sprintf("https://github.example.org/acme/app/actions/runs/%d", 1000+number)}
	for i := 0; i < len(more); i += 2 {
		r[more[i].(string)] = more[i+1]
	}
	return r
}

const runsPath = "/api/v3/repos/acme/app/actions/runs"

// githubRuns is github's repository app with runs 9 to 2, of which 8 ran twice, 7 runs
// still, 6 expired, 5 was skipped, 4's artifact expired.
func githubRuns(t *testing.T) (*api, *store) {
	a, s := github(t), newStore(t)
	a.lists[runsPath] = listing{"workflow_runs", []map[string]any{
		run(9), run(8, "run_attempt", 2), run(7, "status", "in_progress"), run(6), run(5, "conclusion", "skipped"), run(4), run(3), run(2),
	}}
	for n := 2; n <= 9; n++ {
		a.lists[fmt.Sprintf("%s/%d/artifacts", runsPath, 1000+n)] = listing{"artifacts", nil}
		s.leads(a, fmt.Sprintf("%s/%d/attempts/1/logs", runsPath, 1000+n), fmt.Sprintf("log%d", n), zipOf(t, "0_build.txt", "2026-11-01T00:00:00.0000000Z ok\n"))
	}
	token := func(seed uint64) string {
		return "2026-11-01T00:00:00.0000000Z + export TOKEN=" + leaktest.Must(seed, `{{github "ghp_"}}`) + "\n"
	}
	s.files["/log9"] = zipOf(t, "0_build.txt", "one\ntwo\n"+token(1), "1_deploy.txt", "ok\n")
	s.files["/log8"] = zipOf(t, "0_build.txt", token(2))
	s.leads(a, runsPath+"/1008/attempts/2/logs", "log8.2", zipOf(t, "0_build.txt", token(3)))
	a.first(runsPath+"/1006/attempts/1/logs", answer(410, `{"message":"Gone"}`))
	a.lists[runsPath+"/1004/artifacts"] = listing{"artifacts", []map[string]any{{"id": 50, "name": "old", "expired": true}}}
	a.lists[runsPath+"/1009/artifacts"] = listing{"artifacts", []map[string]any{{"id": 51, "name": "dist", "expired": false}, {"id": 52, "name": "reports", "expired": false}}}
	s.leads(a, "/api/v3/repos/acme/app/actions/artifacts/51/zip", "dist", zipOf(t, "app/.env", "TOKEN="+leaktest.Must(4, `{{github "ghp_"}}`)+"\n", "app/shop.jar", zipOf(t, "application.properties", "api.token="+leaktest.Must(5, `{{github "ghp_"}}`)+"\n")))
	s.leads(a, "/api/v3/repos/acme/app/actions/artifacts/52/zip", "reports", zipOf(t, "a.txt", "ok\n"))
	return a, s
}

func githubWithLogs(t *testing.T, a *api, l cisource.Logs) *cisource.GitHub {
	t.Helper()
	src, err := cisource.NewGitHub(a.options(), "acme/app")
	if err != nil {
		t.Fatal(err)
	}
	src.Logs = &l
	return src
}

// What runs printed and left behind is scanned, in each attempt, and what is not to be
// had is told.
func TestGitHubLogs(t *testing.T) {
	a, _ := githubRuns(t)
	got := scan(t, githubWithLogs(t, a, cisource.Logs{}))
	same(t, "findings", got.findings, []string{
		"github-pat github:acme/app log of CI run 9!/0_build.txt",
		"github-pat github:acme/app artifact dist of CI run 9!/app/.env",
		"github-pat github:acme/app artifact dist of CI run 9!/app/shop.jar!/application.properties",
		"github-pat github:acme/app log of CI run 8.1!/0_build.txt",
		"github-pat github:acme/app log of CI run 8.2!/0_build.txt",
	})
	same(t, "gaps", got.gaps, []string{
		"boundary missing github:acme/app log of CI run 7: it runs still: its log is there when it has ended",
		"boundary missing github:acme/app log of CI run 6: it is not there any more (410): it expired or was deleted",
		"boundary missing github:acme/app artifact old of CI run 4: it expired",
	})
	if f := got.findings[0]; got.lines[f] != 3 || !slices.Contains(got.notes[f], "to delete it: https://github.example.org/acme/app/actions/runs/1009") {
		t.Errorf("line %d, notes %q", got.lines[f], got.notes[f])
	}
}

func TestGitHubLogsBounded(t *testing.T) {
	for name, c := range map[string]struct {
		logs cisource.Logs
		asks int
		gap  string
	}{
		"since": {cisource.Logs{Since: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC)}, 1, ""},
		"most":  {cisource.Logs{Most: 1}, 1, "boundary limit github:acme/app log of *: older runs than the newest 1 were not looked at: --max-runs 0 looks at all"},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := githubRuns(t)
			got := scan(t, githubWithLogs(t, a, c.logs))
			if want := strings.Fields(c.gap); len(got.findings) != 3 || len(want) == 0 && len(got.gaps) > 0 || len(want) > 0 && !slices.Equal(got.gaps, []string{c.gap}) {
				t.Errorf("findings %q, gaps %q", got.findings, got.gaps)
			}
			if n := a.requests(runsPath + "?"); n != c.asks {
				t.Errorf("%d pages of runs were asked for", n)
			}
		})
	}
}

// A download that is refused, cut, damaged or led astray is a failure that shows
// neither token nor the key of a URL.
func TestGitHubLogsRefused(t *testing.T) {
	a, s := githubRuns(t)
	a.lists[runsPath] = listing{"workflow_runs", []map[string]any{run(9), run(4), run(3), run(2)}}
	a.lists[runsPath+"/1009/artifacts"] = listing{"artifacts", nil}
	a.lists[runsPath+"/1004/artifacts"] = listing{"artifacts", nil}
	a.first(runsPath+"/1009/attempts/1/logs", answer(403, `{}`))
	a.first(runsPath+"/1004/attempts/1/logs", answer(302, ``, "Location", "http://store.example.org/x?sig=of-the-url"))
	delete(s.files, "/log3")
	s.files["/log2"] = zipOf(t, "0_build.txt", strings.Repeat("x\n", 9999))[:60]
	got := scan(t, githubWithLogs(t, a, cisource.Logs{}))
	same(t, "gaps", got.gaps, []string{
		`failure unreadable github:acme/app log of CI run 9: the token may not (403): it needs the repository permission "Actions" (read), or, if it is a classic token, the scope repo`,
		"failure unreadable github:acme/app log of CI run 4: it leads on to store.example.org, which is not asked without TLS",
		"failure unreadable github:acme/app log of CI run 3: the store where it is answers 403: try again later",
		got.gaps[len(got.gaps)-1],
	})
	if last := got.gaps[len(got.gaps)-1]; !strings.HasPrefix(last, "failure truncated github:acme/app log of CI run 2") {
		t.Errorf("a cut log is told as %s", last)
	}
	if all := strings.Join(got.gaps, "\n"); strings.Contains(all, "of-the-url") || strings.Contains(all, testToken) {
		t.Error("a key is told")
	}
}

// A store that does not answer is one log's failure, and a limit has every worker wait.
func TestGitHubLogsWait(t *testing.T) {
	a, s := githubRuns(t)
	a.first(runsPath+"/1009/attempts/1/logs", answer(429, `{}`, "Retry-After", "3"), answer(403, `{}`, "X-RateLimit-Remaining", "0"))
	got := scan(t, githubWithLogs(t, a, cisource.Logs{Most: 1}))
	if len(got.findings) != 3 || !slices.Contains(a.waited, 3*time.Second) || !slices.Contains(a.waited, time.Minute) {
		t.Errorf("findings %q, waited %v", got.findings, a.waited)
	}
	s.Close()
	got = scan(t, githubWithLogs(t, a, cisource.Logs{Most: 1}))
	if len(got.findings) != 0 || len(got.gaps) != 4 || !strings.Contains(got.gaps[0], "where it is, cannot be reached") {
		t.Errorf("findings %q, gaps %q", got.findings, got.gaps)
	}
}

// A run that says that it ran a million times is not asked for a million logs, and a
// log without content is none to complain of.
func TestGitHubLogsOdd(t *testing.T) {
	a, _ := githubRuns(t)
	a.lists[runsPath] = listing{"workflow_runs", []map[string]any{run(3, "run_attempt", 1_000_000), run(2)}}
	a.first(runsPath+"/1002/attempts/1/logs", answer(204, ``))
	got := scan(t, githubWithLogs(t, a, cisource.Logs{}))
	if n := a.requests(runsPath + "/1003/attempts/"); n != 100 {
		t.Errorf("%d attempts were asked for", n)
	}
	if len(got.gaps) != 100 || !strings.HasPrefix(got.gaps[0], "failure limit github:acme/app log of CI run 3: it ran 1000000 times") { // 99 of them are not there
		t.Errorf("%d gaps, such as %q", len(got.gaps), got.gaps[0])
	}
}

func TestGitHubLogsConformance(t *testing.T) {
	a, _ := githubRuns(t)
	delete(a.odd, runsPath+"/1006/attempts/1/logs") // it is answered so once only
	sourcetest.Run(t, builtin.Set(), 11, func(t *testing.T) scanner.Source { return githubWithLogs(t, a, cisource.Logs{}) })
}

func job(id int, name string, more ...any) map[string]any {
	j := map[string]any{"id": id, "name": name, "status": "success", "created_at": "2026-11-20T10:00:00.000Z", "started_at": "2026-11-20T10:00:01.000Z",
		"erased_at": nil, "artifacts_expire_at": nil, "web_url": fmt.Sprintf("https://gitlab.example.org/acme/app/-/jobs/%d", id)}
	for i := 0; i < len(more); i += 2 {
		j[more[i].(string)] = more[i+1]
	}
	return j
}

// gitlabJobs is gitlab's project acme/app with jobs of every kind.
func gitlabJobs(t *testing.T) *api {
	a := gitlab(t)
	const jobs = "/git/api/v4/projects/11/jobs"
	a.lists[jobs] = listing{"", []map[string]any{
		job(30, "deploy", "status", "running"), job(29, "build", "artifacts_file", map[string]any{"filename": "dist.zip", "size": 9}),
		job(28, "test", "artifacts_expire_at", "2026-11-21T10:00:00.000Z"), job(27, "manual", "started_at", nil), job(26, "lint", "erased_at", "2026-11-21T10:00:00.000Z"), job(25, "old"),
	}}
	file := func(path, text string) {
		a.lists[jobs+path] = listing{under: "file", items: []map[string]any{{"text": text}}}
	}
	file("/29/trace", "\x1b[0KRunning\nexport TOKEN="+leaktest.Must(1, `{{github "ghp_"}}`)+"\n")
	file("/29/artifacts", zipOf(t, "dist/.env", "TOKEN="+leaktest.Must(2, `{{github "ghp_"}}`)+"\n"))
	file("/28/trace", "ok\n")
	file("/25/trace", "export TOKEN="+leaktest.Must(3, `{{github "ghp_"}}`)+"\n")
	return a
}

func gitlabWithLogs(t *testing.T, a *api, l cisource.Logs) scanner.Source {
	src := newGitLab(t, a, false, "acme/app").(*cisource.GitLab)
	src.Logs = &l
	return src
}

func TestGitLabLogs(t *testing.T) {
	a := gitlabJobs(t)
	got := scan(t, gitlabWithLogs(t, a, cisource.Logs{}))
	same(t, "findings", got.findings, []string{
		"github-pat gitlab:acme/app log of build run 29",
		"github-pat gitlab:acme/app artifact dist.zip of build run 29!/dist/.env",
		"github-pat gitlab:acme/app log of old run 25",
	})
	same(t, "gaps", got.gaps, []string{
		"boundary missing gitlab:acme/app log of deploy run 30: it runs still: its log is whole when it has ended",
		"boundary missing gitlab:acme/app artifact artifacts of test run 28: it expired",
		"boundary missing gitlab:acme/app log of lint run 26: it was erased",
	})
	if got.lines[got.findings[0]] != 2 {
		t.Errorf("line %d", got.lines[got.findings[0]])
	}
	got = scan(t, gitlabWithLogs(t, a, cisource.Logs{Most: 5}))
	if last := got.gaps[len(got.gaps)-1]; len(got.findings) != 2 || !strings.HasPrefix(last, "boundary limit gitlab:acme/app log of *: older jobs than the newest 5") {
		t.Errorf("findings %q, gaps %q", got.findings, got.gaps)
	}
	a.first("/git/api/v4/projects/11/jobs/29/trace", answer(403, `{}`))
	got = scan(t, gitlabWithLogs(t, a, cisource.Logs{Most: 2}))
	if len(got.findings) != 1 || !strings.Contains(strings.Join(got.gaps, "\n"), "failure unreadable gitlab:acme/app log of build run 29: the token may not (403): it needs the scope read_api, of somebody who is a Reporter") {
		t.Errorf("findings %q, gaps %q", got.findings, got.gaps)
	}
}

func TestGitLabLogsConformance(t *testing.T) {
	a := gitlabJobs(t)
	sourcetest.Run(t, builtin.Set(), 7, func(t *testing.T) scanner.Source { return gitlabWithLogs(t, a, cisource.Logs{}) })
}

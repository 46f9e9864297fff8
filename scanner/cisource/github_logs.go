package cisource

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// githubRun is what is read of a workflow's run
// (https://docs.github.com/rest/actions/workflow-runs).
type githubRun struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"` // the workflow's
	Number     int64     `json:"run_number"`
	Attempt    int       `json:"run_attempt"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion"`
	Created    time.Time `json:"created_at"`
	Page       string    `json:"html_url"`
}

// githubArtifact is what is read of an artifact (https://docs.github.com/rest/actions/artifacts).
type githubArtifact struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Expired bool   `json:"expired"`
}

// maxAttempts bounds how many times a run may say that it was run again: GitHub lets
// nobody do so after 30 days (https://docs.github.com/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs).
const maxAttempts = 100

// logs tells of the runs of a repository's workflows, from the newest: what each
// attempt printed, and its artifacts. The list is asked for without a filter, since
// with one it ends after a thousand.
func (w *githubWalk) logs(ctx context.Context, scope, path string) {
	needs := needsOfRepository("Actions")
	n, end := 0, false
	each(ctx, &w.walk, list[githubRun]{
		whose: scope, what: "runs", path: path + "/actions/runs", under: "workflow_runs", size: 100, needs: needs, until: &end,
	}, func(r githubRun) {
		at := leak.JobLog{Scope: scope, Job: r.Name}
		if end = end || w.wanted.before(r.Created) || w.more(w.wanted, n, at, "runs"); end {
			return
		}
		n++
		w.run(ctx, r, at, path, needs)
	})
}

// run tells of one run.
func (w *githubWalk) run(ctx context.Context, r githubRun, at leak.JobLog, repo, needs string) {
	path := fmt.Sprintf("%s/actions/runs/%d", repo, r.ID)
	at.Run = strconv.FormatInt(r.Number, 10)
	switch {
	case r.Status != "completed":
		w.unread(at, "it runs still: its log is there when it has ended")
		return
	case r.Conclusion == "skipped" || r.Conclusion == "startup_failure" || r.Conclusion == "action_required": // no job ran
		return
	}
	if r.Attempt > maxAttempts {
		w.tell(scanner.Blob{}, &leak.Gap{Place: at, Class: leak.Failure, Code: leak.GapLimit, Why: fmt.Errorf("it ran %d times: of more than %d only the first were looked at", r.Attempt, maxAttempts)})
	}
	for attempt := 1; attempt <= min(r.Attempt, maxAttempts); attempt++ {
		once := at
		if r.Attempt > 1 {
			once.Run += "." + strconv.Itoa(attempt)
		}
		w.download(once, fmt.Sprintf("%s/attempts/%d/logs", path, attempt), needs, "to delete it: "+r.Page)
	}
	each(ctx, &w.walk, list[githubArtifact]{
		whose: at.Scope, what: "artifacts of run " + at.Run, path: path + "/artifacts", under: "artifacts", size: 100, needs: needs,
	}, func(a githubArtifact) {
		left := at
		left.Artifact = a.Name
		if a.Expired {
			w.unread(left, "it expired")
			return
		}
		w.download(left, fmt.Sprintf("%s/actions/artifacts/%d/zip", repo, a.ID), needs, "to delete it: "+r.Page)
	})
}

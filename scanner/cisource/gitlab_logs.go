package cisource

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// gitlabJob is what is read of a job (https://docs.gitlab.com/api/jobs/#list-project-jobs).
type gitlabJob struct {
	ID      int64      `json:"id"`
	Name    string     `json:"name"`
	Status  string     `json:"status"`
	Created time.Time  `json:"created_at"`
	Started *time.Time `json:"started_at"`
	Erased  *time.Time `json:"erased_at"`
	Page    string     `json:"web_url"`
	Expire  *time.Time `json:"artifacts_expire_at"`
	Archive *struct {
		Name string `json:"filename"`
	} `json:"artifacts_file"`
}

const needsReporter = "the scope read_api, of somebody who is a Reporter of the project, and may see its artifacts"

// logs tells of a project's jobs, from the newest: what each printed, and its archive
// of artifacts (https://docs.gitlab.com/api/job_artifacts/).
func (w *gitlabWalk) logs(ctx context.Context, scope, path string) {
	n, end := 0, false
	each(ctx, &w.walk, list[gitlabJob]{
		whose: scope, what: "jobs", path: path + "/jobs", size: gitlabPage, needs: needsReporter, until: &end,
	}, func(j gitlabJob) {
		at := leak.JobLog{Scope: scope, Job: j.Name, Run: strconv.FormatInt(j.ID, 10)}
		if end = end || w.wanted.before(j.Created) || w.more(w.wanted, n, at, "jobs"); end {
			return
		}
		n++
		if j.Started != nil { // else it printed nothing
			w.job(j, at, fmt.Sprintf("%s/jobs/%d", path, j.ID))
		}
	})
}

func (w *gitlabWalk) job(j gitlabJob, at leak.JobLog, path string) {
	switch {
	case j.Erased != nil:
		w.unread(at, "it was erased")
		return
	case j.Status == "running" || j.Status == "canceling":
		w.unread(at, "it runs still: its log is whole when it has ended")
		return
	}
	note := "to erase it: " + j.Page
	w.download(at, path+"/trace", needsReporter, note)
	left := at
	switch {
	case j.Archive != nil:
		left.Artifact = j.Archive.Name
		w.download(left, path+"/artifacts", needsReporter, note)
	case j.Expire != nil && j.Expire.Before(time.Now()):
		left.Artifact = "artifacts"
		w.unread(left, "it expired")
	}
}

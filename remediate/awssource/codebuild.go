package awssource

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/codebuild/types"
)

// atOnce is how many projects one request describes
// (https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html).
const atOnce = 100

// codebuild tells of projects' variables of type PLAINTEXT, and of build
// specifications that are written into a project.
func (w *walk) codebuild(ctx context.Context, config aws.Config) {
	client := codebuild.NewFromConfig(config)
	var names []string
	pages := codebuild.NewListProjectsPaginator(client, &codebuild.ListProjectsInput{})
	err := each(ctx, w, "codebuild:ListProjects", pages.HasMorePages, pages.NextPage, func(page *codebuild.ListProjectsOutput) {
		names = append(names, page.Projects...)
	})
	if err != nil {
		w.refused(ctx, w.at, "list projects", "codebuild:ListProjects", err)
	}
	slices.Sort(names)
	for some := range slices.Chunk(names, atOnce) {
		w.projects(ctx, client, some)
	}
}

func (w *walk) projects(ctx context.Context, client *codebuild.Client, names []string) {
	if w.done {
		return
	}
	r := refusals{scope: w.at, what: "describe projects", action: "codebuild:BatchGetProjects"}
	out, err := ask(ctx, &w.asker, r.action, func() (*codebuild.BatchGetProjectsOutput, error) {
		return client.BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: names})
	})
	if err != nil {
		for _, name := range names {
			r.add(ctx, w, name, err)
		}
		r.tell(ctx, w)
		return
	}
	projects := map[string]types.Project{}
	for _, p := range out.Projects {
		projects[aws.ToString(p.Name)] = p
	}
	for _, name := range names { // those that were deleted meanwhile are not found, which is no gap
		if p, ok := projects[name]; ok {
			w.versions(w.at+"/"+name, codebuildHint, []version{{variables: ofProject(p)}})
		}
	}
}

func ofProject(p types.Project) (list []variable) {
	if e := p.Environment; e != nil {
		for _, v := range e.EnvironmentVariables {
			if v.Type == "" || v.Type == types.EnvironmentVariableTypePlaintext {
				list = append(list, variable{name: aws.ToString(v.Name), value: aws.ToString(v.Value)})
			}
		}
	}
	sources := p.SecondarySources
	if p.Source != nil {
		sources = append([]types.ProjectSource{*p.Source}, sources...)
	}
	for _, s := range sources {
		if spec := aws.ToString(s.Buildspec); spec != "" {
			list = append(list, variable{within: aws.ToString(s.SourceIdentifier), name: "buildspec", value: spec, words: true})
		}
	}
	return list
}

func codebuildHint(name string) string {
	if ofAWS(name) {
		return "a project has a service role: let that have what the key may, and delete the key"
	}
	return "keep it in Secrets Manager or Parameter Store, and give the variable that type"
}

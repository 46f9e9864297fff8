package amazon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/consumer/amazon"
)

// build is CodeBuild as its documentation has it, for moto cannot update projects: what
// a request names takes the place of what the project has, environment as a whole
// (https://docs.aws.amazon.com/codebuild/latest/APIReference/API_UpdateProject.html).
type build map[string]map[string]any

func (b build) answers(w *world) {
	w.Answer("BatchGetProjects", func(body []byte) (int, []byte) {
		var in struct{ Names []string }
		w.must(json.Unmarshal(body, &in))
		found := []any{}
		for _, n := range in.Names {
			if p, ok := b[n]; ok {
				found = append(found, p)
			}
		}
		out, err := json.Marshal(map[string]any{"projects": found})
		w.must(err)
		return 200, out
	})
	w.Answer("UpdateProject", func(body []byte) (int, []byte) {
		var in map[string]any
		w.must(json.Unmarshal(body, &in))
		p := b[in["name"].(string)]
		for k, v := range in {
			p[k] = v
		}
		out, err := json.Marshal(map[string]any{"project": p})
		w.must(err)
		return 200, out
	})
}

// parsed is JSON text.
func parsed(t *testing.T, text string) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

const projectText = `{"name":"orders","description":"d","environment":{"type":"LINUX_CONTAINER","image":"x:1","computeType":"BUILD_GENERAL1_SMALL","privilegedMode":true,
 "certificate":"arn:aws:s3:::c/x","imagePullCredentialsType":"SERVICE_ROLE","registryCredential":{"credential":"c","credentialProvider":"SECRETS_MANAGER"},"fleet":{"fleetArn":"f"},
 "environmentVariables":[{"name":"A","value":"1","type":"PLAINTEXT"},{"name":"DB_PASSWORD","value":%q,"type":"PLAINTEXT"},{"name":"REF","value":"orders:password","type":"SECRETS_MANAGER"}]}}`

func TestCodeBuildKeepsTheRest(t *testing.T) {
	w, u := newWorld(t), update(t, 1)
	b := build{"orders": parsed(t, fmt.Sprintf(projectText, old(u)))}
	b.answers(w)
	c := w.parse(amazon.ParseCodeBuild, "kind: codebuild\nproject: orders\nregion: eu-west-1\nvariables: {DB_PASSWORD: password}")
	w.done(c, u, false)
	w.Fail(bad("UpdateProject")...)
	w.must(c.Do(t.Context(), u))
	w.must(c.Do(t.Context(), u))
	w.done(c, u, true)
	if got, want := b["orders"], parsed(t, fmt.Sprintf(projectText, fresh(u))); !reflect.DeepEqual(got, want) {
		t.Error("more than the variable was changed")
	}
	if got := w.Calls("UpdateProject"); got != 3 || w.Left() != 0 {
		t.Errorf("%d updates were asked for", got)
	}
	w.must(c.Undo(t.Context(), u))
	if got, want := b["orders"], parsed(t, fmt.Sprintf(projectText, old(u))); !reflect.DeepEqual(got, want) {
		t.Error("it is not as it was")
	}
	u.Old = nil
	if err := c.Undo(t.Context(), u); !errors.Is(err, consumer.ErrNoWayBack) {
		t.Error(err)
	}
}

func TestCodeBuildRefusals(t *testing.T) {
	w, u := newWorld(t), update(t, 2)
	b := build{"orders": parsed(t, fmt.Sprintf(projectText, "somebody's"))}
	b.answers(w)
	text := "kind: codebuild\nregion: eu-west-1\nproject: "
	w.refused(w.parse(amazon.ParseCodeBuild, text+"orders\nvariables: {DB_PASSWORD: password}"), u, consumer.ErrChanged, "DB_PASSWORD")
	w.refused(w.parse(amazon.ParseCodeBuild, text+"orders\nvariables: {REF: password}"), u, consumer.ErrUnfit, "is a reference")
	w.refused(w.parse(amazon.ParseCodeBuild, text+"orders\nvariables: {NONE: password}"), u, consumer.ErrUnfit, "no variable NONE")
	w.refused(w.parse(amazon.ParseCodeBuild, text+"nobody\nvariables: {NONE: password}"), u, consumer.ErrUnfit, "AWS knows none")
	if w.Calls("UpdateProject") != 0 {
		t.Error("a project was updated")
	}
}

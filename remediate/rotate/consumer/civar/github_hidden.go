package civar

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate/consumer"
	"github.com/oakum-sec/oakum/remediate/rotate/rest"
)

type githubRepo struct {
	ID   int64  `json:"id"`
	Name string `json:"full_name"`
}

// pages goes over a list until use wants no more.
func pages[T any](ctx context.Context, p *platform, path, under string, use func(T) bool) error {
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	for n := 1; ; n++ {
		items, err := page[T](ctx, p, fmt.Sprintf("%s%sper_page=100&page=%d", path, sign, n), under)
		if err != nil {
			return err
		}
		for _, i := range items {
			if !use(i) {
				return nil
			}
		}
		if len(items) < 100 {
			return nil
		}
	}
}

func page[T any](ctx context.Context, p *platform, path, under string) (items []T, err error) {
	if under == "" {
		_, err = p.call(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: &items})
		return items, err
	}
	var whole map[string]json.RawMessage
	if _, err = p.call(ctx, rest.Call{Method: http.MethodGet, Path: path, Into: &whole}); err != nil || whole[under] == nil {
		return nil, err
	}
	if json.Unmarshal(whole[under], &items) != nil {
		return nil, fmt.Errorf("what is answered to a list of %s is not the API's", under)
	}
	return items, nil
}

// selected goes over the repositories that may see an organization's secret.
func (g *githubSecret) selected(ctx context.Context, use func(githubRepo)) error {
	return pages(ctx, &g.platform, g.path()+"/repositories", "repositories", func(r githubRepo) bool { use(r); return true })
}

// Check tells what hides the secret: one of the same name nearer to the job is what the
// job gets (https://docs.github.com/actions/concepts/security/secrets).
func (g *githubSecret) Check(ctx context.Context, u consumer.Update) (notes []string, err error) {
	if _, err := g.at.Value.Of(u.New); err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	s, err := g.read(ctx)
	if err != nil {
		return nil, err
	}
	g.mem.look(u.Op, s.mark())
	switch {
	case g.at.Organization != "":
		return g.hiddenInRepositories(ctx, s)
	case g.at.Environment == "" && g.app == "actions":
		return g.hiddenInEnvironments(ctx)
	}
	return nil, nil
}

func (g *githubSecret) hiddenInEnvironments(ctx context.Context) (notes []string, err error) {
	var failed error
	err = pages(ctx, &g.platform, "repos/"+g.at.Repository+"/environments", "environments", func(e struct{ Name string }) bool {
		there, err := g.lives(ctx, "repos/"+g.at.Repository+"/environments/"+url.PathEscape(e.Name)+"/secrets/"+g.name)
		if there {
			notes = append(notes, fmt.Sprintf("the environment %s of %s has a secret %s of its own, which its jobs get instead: name it as a consumer too", e.Name, g.at.Repository, g.name))
		}
		failed = err
		return err == nil
	})
	if rest.StatusOf(err) == http.StatusNotFound { // a plan without environments
		err = nil
	}
	if err == nil {
		err = failed
	}
	return notes, err
}

func (g *githubSecret) hiddenInRepositories(ctx context.Context, s githubStamp) (notes []string, err error) {
	n, failed := 0, error(nil)
	look := func(r githubRepo) bool {
		if n++; n > atMost {
			notes = append(notes, fmt.Sprintf("only %d repositories were looked at for a secret %s of their own", atMost, g.name))
			return false
		}
		there, err := g.lives(ctx, "repos/"+r.Name+"/"+g.app+"/secrets/"+g.name)
		if there {
			notes = append(notes, fmt.Sprintf("%s has a secret %s of its own, which its jobs get instead of the organization's: name it as a consumer too", r.Name, g.name))
		}
		if code := rest.StatusOf(err); code == http.StatusForbidden {
			notes, err = append(notes, fmt.Sprintf("%s was not looked at: the token may not", r.Name)), nil
		}
		failed = err
		return err == nil
	}
	if s.Visibility == "selected" {
		err = pages(ctx, &g.platform, g.path()+"/repositories", "repositories", look)
	} else {
		err = pages(ctx, &g.platform, "orgs/"+g.at.Organization+"/repos?type=all", "", look)
	}
	if err == nil {
		err = failed
	}
	return notes, err
}

package cisource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// asker reads what an API answers. The vendors' own client libraries, of which we
// would use one call in a hundred, would make oakum 5.5 MB larger: what reflection may
// reach, the linker keeps (docs/design/023-ci-apis.md).
type asker struct {
	client *http.Client
	files  *http.Client // for files, which may lie elsewhere; the token does not go there
	base   *url.URL     // ends with a slash
	header http.Header  // what every request has beside the token
}

// errAnswer is why nothing was read of an answer that says so by its status.
var errAnswer = errors.New("no list")

// get reads what is at path, which is escaped and may have a query, into v. The answer
// comes with an error too, where there was one; its body is closed.
func (a *asker) get(ctx context.Context, path string, v any) (*http.Response, error) {
	u, err := a.base.Parse(path)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range a.header {
		r.Header[name] = values
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return answer, errAnswer
	}
	if err := json.NewDecoder(answer.Body).Decode(v); err != nil {
		return answer, err
	}
	_, err = io.Copy(io.Discard, answer.Body) // so that the connection is used again
	return answer, err
}

// open asks for a file at path, which is often led to at a store of files. Its body is
// for the caller to close.
func (a *asker) open(ctx context.Context, path string) (*http.Response, error) {
	u, err := a.base.Parse(path)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(context.WithValue(ctx, asFile{}, true), http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	for name, values := range a.header {
		r.Header[name] = values
	}
	return a.files.Do(r)
}

// asFile marks the context of a request for a file.
type asFile struct{}

// page gets page n of a list.
func page[T any](ctx context.Context, a *asker, l list[T], n int) (items []T, answer *http.Response, err error) {
	sign := "?"
	if strings.Contains(l.path, "?") {
		sign = "&"
	}
	path := fmt.Sprintf("%s%spage=%d&per_page=%d", l.path, sign, n, l.size)
	if l.under == "" {
		answer, err = a.get(ctx, path, &items)
		return items, answer, err
	}
	var whole map[string]json.RawMessage
	if answer, err = a.get(ctx, path, &whole); err != nil {
		return nil, answer, err
	}
	if raw := whole[l.under]; raw != nil {
		err = json.Unmarshal(raw, &items)
	}
	return items, answer, err
}

// nextPage is the number of the page after one, 0 where it was the last: in GitLab's
// header (https://docs.gitlab.com/api/rest/#pagination), or in the link of RFC 8288
// that is called next (https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api).
func nextPage(h http.Header) int {
	if n, err := strconv.Atoi(h.Get("X-Next-Page")); err == nil {
		return n
	}
	for _, all := range h.Values("Link") {
		for link := range strings.SplitSeq(all, ",") {
			target, params, _ := strings.Cut(strings.TrimSpace(link), ">")
			if !strings.Contains(params, `rel="next"`) {
				continue
			}
			if u, err := url.Parse(strings.TrimPrefix(target, "<")); err == nil {
				n, _ := strconv.Atoi(u.Query().Get("page"))
				return n
			}
		}
	}
	return 0
}

package cisource_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/cisource"
)

// testToken is what the servers ask for: no token of any vendor looks so.
const testToken = "the-token-of-this-test"

// api is a server on this machine that answers as a vendor's documentation says.
type api struct {
	*httptest.Server
	header, token string // which the token has to come in
	perPage       int    // what it gives at most

	mu      sync.Mutex
	lists   map[string]listing            // by path
	odd     map[string][]http.HandlerFunc // what a path answers first, one request each
	asked   []string                      // METHOD path?query
	forever string                        // a path whose list has a next page always
	waited  []time.Duration
}

// listing is a list of objects, under a name unless that is "".
type listing struct {
	under string
	items []map[string]any
}

func newAPI(t *testing.T, header, token string, perPage int) *api {
	a := &api{header: header, token: token, perPage: perPage, lists: map[string]listing{}, odd: map[string][]http.HandlerFunc{}}
	a.Server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(a.Close)
	return a
}

func (a *api) options() cisource.API {
	return cisource.API{URL: a.URL, Token: testToken, Wait: func(_ context.Context, d time.Duration, _ string) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.waited = append(a.waited, d)
		return nil
	}}
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := r.URL.EscapedPath()
	a.asked = append(a.asked, r.Method+" "+r.URL.RequestURI())
	w.Header().Set("Content-Type", "application/json")
	if odd := a.odd[path]; len(odd) > 0 {
		a.odd[path] = odd[1:]
		odd[0](w, r)
		return
	}
	l, known := a.lists[path]
	switch {
	case r.Header.Get(a.header) != a.token:
		answer(http.StatusUnauthorized, `{"message":"Bad credentials"}`)(w, r)
	case !known:
		answer(http.StatusNotFound, `{"message":"Not Found"}`)(w, r)
	case path == a.forever:
		answer(http.StatusOK, `{}`, "X-Next-Page", strconv.Itoa(number(r.URL.Query(), "page")+1))(w, r)
	case l.under == "file":
		if at, leads := l.items[0]["location"].(string); leads {
			answer(http.StatusFound, ``, "Location", at)(w, r)
			return
		}
		answer(http.StatusOK, l.items[0]["text"].(string), "Content-Type", "application/octet-stream")(w, r)
	case l.under == "one":
		json.NewEncoder(w).Encode(l.items[0])
	default:
		a.page(w, r, l)
	}
}

// page answers with a page, as both vendors do: the next one is in the header Link
// (GitHub) and in X-Next-Page (GitLab).
func (a *api) page(w http.ResponseWriter, r *http.Request, l listing) {
	n := max(1, number(r.URL.Query(), "page"))
	size := min(a.perPage, max(1, number(r.URL.Query(), "per_page")))
	from, to := min((n-1)*size, len(l.items)), min(n*size, len(l.items))
	if to < len(l.items) {
		next := *r.URL
		q := next.Query()
		q.Set("page", strconv.Itoa(n+1))
		next.RawQuery = q.Encode()
		w.Header().Set("Link", fmt.Sprintf(`<%s%s>; rel="next", <%s%s>; rel="last"`, a.URL, next.RequestURI(), a.URL, next.RequestURI()))
		w.Header().Set("X-Next-Page", strconv.Itoa(n+1))
	}
	items := append([]map[string]any{}, l.items[from:to]...)
	if l.under == "" {
		json.NewEncoder(w).Encode(items)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"total_count": len(l.items), l.under: items})
}

func number(q url.Values, name string) int {
	n, _ := strconv.Atoi(q.Get(name))
	return n
}

// answer is a handler that says one thing. Headers are pairs.
func answer(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

// first has a path answer so before it answers as ever.
func (a *api) first(path string, handlers ...http.HandlerFunc) { a.odd[path] = handlers }

// requests are those for paths that have part in them.
func (a *api) requests(part string) (n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.asked {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// told is what a scan says: findings as "rule place", their notes, and gaps.
type told struct {
	findings []string
	notes    map[string][]string // by finding
	lines    map[string]int
	gaps     []string // "class code place: why"
	parts    map[string]int
}

func scan(t *testing.T, src scanner.Source) told {
	t.Helper()
	out := told{notes: map[string][]string{}, lines: map[string]int{}, parts: map[string]int{}}
	_, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		switch {
		case e.Finding != nil:
			id := e.Finding.Rule + " " + e.Finding.Place.String()
			out.findings = append(out.findings, id)
			out.notes[id], out.parts[id], out.lines[id] = e.Finding.Notes, len(e.Finding.Parts), e.Finding.Line
			if e.Finding.Place.Kind() == "variable" && e.Finding.Span.Start != 0 {
				t.Errorf("%s begins at %d: a variable is its value", id, e.Finding.Span.Start)
			}
		case e.Gap != nil:
			out.gaps = append(out.gaps, fmt.Sprintf("%s %s %s", e.Gap.Class, e.Gap.Code, e.Gap))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

// only are the gaps of a class.
func (o told) only(class leak.GapClass) []string {
	return slices.DeleteFunc(slices.Clone(o.gaps), func(g string) bool { return !strings.HasPrefix(g, class.String()) })
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %s\nwant %s", what, strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

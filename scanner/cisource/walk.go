package cisource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// walk goes over what an API lists, and hands on what it comes by.
type walk struct {
	ask   *asker
	yield func(scanner.Blob, error) bool
	done  bool // yield wants no more, ctx ended, or the API gives no more

	wanted *Logs // nil: no logs
}

func (w *walk) tell(b scanner.Blob, err error) {
	if !w.done {
		w.done = !w.yield(b, err)
	}
}

// variables tells of a holder's variables, as one text.
func (w *walk) variables(whose string, all []held) {
	if len(all) > 0 {
		w.tell(blob(whose, all), nil)
	}
}

// hidden tells of what is held as secrets: the names that say something by
// themselves, and that nobody has looked at the values. beside are the names of
// variables of the same holder, which a secret may belong to.
func (w *walk) hidden(whose string, all, beside []held) {
	if b, any := names(whose, all, beside); any {
		w.tell(b, nil)
	}
	for _, h := range all {
		w.tell(scanner.Blob{}, &leak.Gap{Place: h.at, Class: leak.Boundary, Code: leak.GapHidden, Why: errors.New(strings.Join(append([]string{"hidden: only its name is known"}, h.notes...), ", "))})
	}
}

// list is something that an API lists, page by page.
type list[T any] struct {
	whose string // where its items are held, as a Scope
	what  string // what they are, as "variables"
	needs string // the permission that it takes to see them
	path  string // of the API, escaped, with a query if need be
	under string // the name that the items are under in an answer; "": the answer is they
	size  int    // how many the API gives on a page at most
	// absent tells that the API need not know such a list: none is an answer.
	absent bool
	until  *bool // whether use has had enough; nil: it never has
}

// maxPages bounds a list: a hundred thousand repositories are more than the largest
// organizations have.
const maxPages = 1000

// each calls use for the items of a list, page by page, as long as the walk goes on.
// What keeps it from reading one is told as a Gap.
func each[T any](ctx context.Context, w *walk, l list[T], use func(T)) {
	for n, pages := 1, 0; !w.done; pages++ {
		if pages == maxPages {
			w.tell(scanner.Blob{}, &leak.Gap{Place: everything(l.whose), Class: leak.Failure, Code: leak.GapLimit, Why: fmt.Errorf("list %s: more than %d pages; the rest was not looked at", l.what, maxPages)})
			return
		}
		items, answer, err := page[T](ctx, w.ask, l, n)
		if err != nil {
			if !l.absent || answer == nil || answer.StatusCode != http.StatusNotFound {
				w.refused(ctx, l.whose, l.what, l.needs, answer, err)
			}
			return
		}
		for _, item := range items {
			if w.done {
				return
			}
			use(item)
		}
		if l.until != nil && *l.until {
			return
		}
		next := nextPage(answer.Header)
		if next <= n {
			return
		}
		n = next
	}
}

// everything stands for all that a holder has.
func everything(whose string) leak.Variable { return leak.Variable{Scope: whose, Name: "*"} }

// refused tells that a list could not be read, and what to do about it. The server's
// own words stay out: they are anything.
func (w *walk) refused(ctx context.Context, whose, what, needs string, answer *http.Response, err error) {
	if ctx.Err() != nil { // the scan's end, not ours to tell
		w.done = true
		return
	}
	g := &leak.Gap{Place: everything(whose), Class: leak.Failure, Code: leak.GapUnreadable}
	var last bool
	if over, ok := errors.AsType[*overError](err); ok {
		g.Code, g.Why, last = over.code, fmt.Errorf("list %s: %w", what, over), true
	} else {
		why, end := reason(needs, answer, err)
		g.Why, last = fmt.Errorf("list %s: %s", what, why), end
	}
	w.tell(scanner.Blob{}, g)
	w.done = w.done || last
}

// lastOf is an error without the address that the client tells with it: that of a
// download has its key in it.
func lastOf(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// reason says why a list was not given. end tells that no other will be.
func reason(needs string, answer *http.Response, err error) (why string, end bool) {
	if unusual, ok := errors.AsType[*unusualError](err); ok {
		return unusual.what, false
	}
	if answer == nil {
		return lastOf(err).Error(), false
	}
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized:
		return "the token is not accepted (401): it expired, was revoked, or is another server's", true
	case code == http.StatusForbidden:
		return "the token may not (403): it needs " + needs, false
	case code == http.StatusNotFound:
		return "there is none of that name, or the token may not see it (404): it needs " + needs, false
	case code >= 500:
		return fmt.Sprintf("the server cannot answer (%d, %d times): try again later", code, maxTries), false
	case code >= 200 && code < 300:
		return "what the server answers is none of this API's, or is cut short: is the address right?", false
	default:
		return fmt.Sprintf("the server answers %d", code), false
	}
}

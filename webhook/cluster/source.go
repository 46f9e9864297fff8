package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"sort"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/podsource"
)

// Scope says which objects a Source yields.
type Scope struct {
	Namespaces []string // nil: all, and what is in none
	Kinds      []string // as kubectl names them; nil: all that can be listed
	Secrets    bool     // Secrets too; without it they are a boundary
}

// Source yields every object of a scope. It asks the server at each pass.
type Source struct {
	client *Client
	scope  Scope
}

// NewSource makes one.
func NewSource(c *Client, s Scope) *Source { return &Source{client: c, scope: s} }

// Blobs lists kind by kind. Its error is about discovery: without that there is no list
// of what there is to list.
func (s *Source) Blobs(ctx context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		kinds, failed, err := s.client.Kinds(ctx)
		if err == nil && len(s.scope.Kinds) > 0 {
			kinds, err = Choose(kinds, s.scope.Kinds)
			failed = nil // of groups that nobody asked for
		}
		if err != nil {
			yield(scanner.Blob{}, err)
			return
		}
		groups := make([]string, 0, len(failed))
		for group := range failed {
			groups = append(groups, group)
		}
		sort.Strings(groups)
		for _, group := range groups {
			why := fmt.Errorf("its kinds cannot be listed, since the server behind it does not answer: %w", failed[group])
			if !yield(scanner.Blob{}, gap(leak.ObjectField{Object: group}, leak.Failure, leak.GapUnreadable, why)) {
				return
			}
		}
		for _, k := range kinds {
			if !s.kind(ctx, k, yield) {
				return
			}
		}
	}
}

// kind yields a kind's objects.
func (s *Source) kind(ctx context.Context, k Kind, yield func(scanner.Blob, error) bool) bool {
	if k.isSecrets() && !s.scope.Secrets {
		why := errors.New("objects of kind Secret are not read; --secrets reads them, for which the account must be allowed to list secrets")
		return yield(scanner.Blob{}, gap(leak.ObjectField{Object: "v1/Secret"}, leak.Boundary, leak.GapHidden, why))
	}
	if len(s.scope.Namespaces) > 0 && !k.Namespaced {
		return true
	}
	for _, namespace := range s.namespaces() {
		if !s.list(ctx, k, namespace, yield) {
			return false
		}
	}
	return true
}

func (s *Source) namespaces() []string {
	if len(s.scope.Namespaces) == 0 {
		return []string{""}
	}
	list := slices.Clone(s.scope.Namespaces)
	slices.Sort(list)
	return slices.Compact(list)
}

// errEnough ends a list whose reader has enough.
var errEnough = errors.New("enough")

func (s *Source) list(ctx context.Context, k Kind, namespace string, yield func(scanner.Blob, error) bool) bool {
	_, err := s.client.List(ctx, k, namespace, "", func(object []byte) error {
		on := true
		err := podsource.Object(object, func(b scanner.Blob, err error) bool {
			on = yield(b, err)
			return on
		})
		if err != nil {
			on = yield(scanner.Blob{}, gap(placeOf(k, object), leak.Failure, leak.GapCorrupt, err))
		}
		if !on {
			return errEnough
		}
		return nil
	})
	switch {
	case err == nil:
		return true
	case errors.Is(err, errEnough), ctx.Err() != nil:
		return false
	}
	return yield(scanner.Blob{}, s.unlisted(k, namespace, err))
}

// unlisted is why a kind was not, or not wholly, looked at.
func (s *Source) unlisted(k Kind, namespace string, err error) *leak.Gap {
	at := leak.ObjectField{Object: k.apiVersion() + "/" + k.Kind, Namespace: namespace}
	status, ok := errors.AsType[*statusError](err)
	if !ok {
		return gap(at, leak.Failure, leak.GapTruncated, err)
	}
	switch status.Code {
	case http.StatusForbidden, http.StatusUnauthorized:
		where := "in all namespaces (a ClusterRole)"
		if namespace != "" {
			where = "in namespace " + namespace
		}
		if !k.Namespaced {
			where = "(a ClusterRole)"
		}
		return gap(at, leak.Failure, leak.GapUnreadable, fmt.Errorf("the account may not list them: it needs the verb list on %s %s", k, where))
	case http.StatusMethodNotAllowed, http.StatusNotFound: // went away since it was discovered, or never could be listed
		return gap(at, leak.Boundary, leak.GapMissing, err)
	}
	return gap(at, leak.Failure, leak.GapUnreadable, err)
}

func placeOf(k Kind, object []byte) leak.Place {
	var o struct {
		Metadata Meta `json:"metadata"`
	}
	json.Unmarshal(object, &o) // what can be read of it names it
	return leak.ObjectField{Object: k.apiVersion() + "/" + k.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name}
}

func gap(at leak.Place, class leak.GapClass, code string, why error) *leak.Gap {
	return &leak.Gap{Place: at, Class: class, Code: code, Why: why}
}

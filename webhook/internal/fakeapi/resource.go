package fakeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// groups is what /apis tells.
func (s *Server) groups() any {
	list := []any{}
	var seen []string
	for _, r := range s.resources {
		if r.Group == "" || slices.Contains(seen, r.Group) {
			continue
		}
		seen = append(seen, r.Group)
		version := map[string]any{"groupVersion": r.apiVersion(), "version": r.Version}
		list = append(list, map[string]any{"name": r.Group, "versions": []any{version}, "preferredVersion": version})
	}
	return map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": list}
}

// list is what a group's version tells of its resources.
func (s *Server) list(w http.ResponseWriter, group, version string) {
	list := []any{}
	for _, r := range s.resources {
		if r.Group != group || r.Version != version {
			continue
		}
		verbs := []string{"create", "delete", "get", "list", "update", "watch"}
		if r.Unlistable {
			verbs = []string{"create"}
		}
		list = append(list, map[string]any{"name": r.Plural, "singularName": strings.ToLower(r.Kind), "kind": r.Kind, "namespaced": r.Namespaced, "verbs": verbs})
	}
	if len(list) == 0 && group != "" {
		status(w, 404, "there is no "+group+"/"+version)
		return
	}
	version = strings.TrimPrefix(group+"/"+version, "/")
	answer(w, 200, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list})
}

// resource answers below a group's version: [namespaces NAMESPACE] PLURAL [NAME].
func (s *Server) resource(w http.ResponseWriter, r *http.Request, group, version string, way []string) {
	namespace := ""
	if way[0] == "namespaces" && len(way) > 2 {
		namespace, way = way[1], way[2:]
	}
	i := slices.IndexFunc(s.resources, func(r Resource) bool { return r.Group == group && r.Version == version && r.Plural == way[0] })
	if i < 0 {
		status(w, 404, "the server could not find the requested resource")
		return
	}
	kind := s.resources[i]
	verb := map[string]string{"POST": "create", "PUT": "update", "DELETE": "delete", "GET": "list"}[r.Method]
	if r.Method == "GET" && len(way) > 1 {
		verb = "get"
	}
	if s.forbidden[verb+" "+kind.name()] || s.forbidden[verb+" "+kind.name()+" "+namespace] {
		status(w, 403, fmt.Sprintf("%s is forbidden: User %q cannot %s resource %q", kind.name(), "auditor", verb, kind.Plural))
		return
	}
	name := ""
	if len(way) > 1 {
		name = way[1]
	}
	s.do(w, r, verb, kind, namespace, name)
}

func (s *Server) do(w http.ResponseWriter, r *http.Request, verb string, kind Resource, namespace, name string) {
	var o map[string]any
	if verb == "create" || verb == "update" {
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			status(w, 400, err.Error())
			return
		}
		name, _ = o["metadata"].(map[string]any)["name"].(string)
	}
	all := s.objects[kind.name()]
	at := slices.IndexFunc(all, func(o map[string]any) bool { return text(o, "name") == name && text(o, "namespace") == namespace })
	switch {
	case verb == "list":
		s.page(w, r, kind, namespace)
	case verb == "create" && at >= 0:
		status(w, 409, kind.Plural+" "+name+" already exists")
	case verb == "create":
		s.store(kind, o)
		answer(w, 201, o)
	case at < 0:
		status(w, 404, kind.Plural+" "+name+" not found")
	case verb == "get":
		answer(w, 200, all[at])
	case verb == "update":
		s.objects[kind.name()] = slices.Delete(slices.Clone(all), at, at+1)
		s.store(kind, o)
		answer(w, 200, o)
	case verb == "delete":
		s.objects[kind.name()] = slices.Delete(slices.Clone(all), at, at+1)
		answer(w, 200, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Success"})
	}
}

// page is a list's part. A token is where it goes on.
func (s *Server) page(w http.ResponseWriter, r *http.Request, kind Resource, namespace string) {
	var some []map[string]any
	for _, o := range s.objects[kind.name()] {
		if (namespace == "" || text(o, "namespace") == namespace) && selected(o, r.URL.Query().Get("labelSelector")) {
			some = append(some, o)
		}
	}
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	from = min(from, len(some))
	end := len(some)
	meta := map[string]any{"resourceVersion": strconv.Itoa(s.version)}
	if limit > 0 && from+limit < end {
		end = from + limit
		meta["continue"] = strconv.Itoa(end)
	}
	items := []any{}
	for _, o := range some[from:end] {
		bare := map[string]any{} // as of built-in kinds: without apiVersion and kind
		for k, v := range o {
			if kind.Group == "" && (k == "apiVersion" || k == "kind") {
				continue
			}
			bare[k] = v
		}
		items = append(items, bare)
	}
	answer(w, 200, map[string]any{"kind": kind.Kind + "List", "apiVersion": kind.apiVersion(), "metadata": meta, "items": items})
}

func text(o map[string]any, field string) string {
	meta, _ := o["metadata"].(map[string]any)
	s, _ := meta[field].(string)
	return s
}

// selected knows the one form of selector that is used here: a=b,c=d.
func selected(o map[string]any, selector string) bool {
	meta, _ := o["metadata"].(map[string]any)
	labels, _ := meta["labels"].(map[string]any)
	for want := range strings.SplitSeq(selector, ",") {
		if key, value, ok := strings.Cut(want, "="); ok && labels[key] != value {
			return false
		}
	}
	return true
}

// Package snippet has the text by which a program fetches a secret itself when it starts,
// with its vendor's SDK, in the place of being started by `oakum run`.
//
// Promise: each text is a program's file as it stands, and a test runs it against the
// store that it is for; that of C# is run nowhere (docs/compat.md). Limit: a program that
// fetches at its start has the old value until it starts again.
package snippet

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/oakum-sec/oakum/remediate/ref"
)

//go:embed *.tmpl
var files embed.FS

// language is how one is called, and the end of its files' names.
type language struct{ name, ext string }

var all = []language{{"node", ".js"}, {"python", ".py"}, {"go", ".go"}, {"java", ".java"}, {"csharp", ".cs"}}

// Languages are all that there are texts for.
func Languages() (names []string) {
	for _, l := range all {
		names = append(names, l.name)
	}
	return names
}

// Of is the language of a file, "" where there are no texts for it.
func Of(file string) string {
	ext := strings.ToLower(path.Ext(file))
	if slices.Contains([]string{".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"}, ext) {
		ext = ".js"
	}
	for _, l := range all {
		if l.ext == ext {
			return l.name
		}
	}
	return ""
}

// Has tells whether there is a text for a reference's store.
func Has(r ref.Ref) bool {
	return slices.Contains([]string{ref.AWSSecrets, ref.AWSParams, ref.Vault}, r.Backend)
}

// Text is a file that fetches what a reference is about.
func Text(lang string, r ref.Ref) (string, error) {
	i := slices.IndexFunc(all, func(l language) bool { return l.name == lang })
	switch {
	case i < 0:
		return "", fmt.Errorf("there is no text for %q: a language is one of %s", lang, strings.Join(Languages(), ", "))
	case !Has(r):
		return "", fmt.Errorf("there is no text for %s: there are texts for %s, %s and %s; `oakum run` reads them all", r.Backend, ref.AWSSecrets, ref.AWSParams, ref.Vault)
	}
	name := r.Backend + all[i].ext + ".tmpl"
	t, err := template.New(name).Funcs(template.FuncMap{"q": quote}).ParseFS(files, name)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	err = t.Execute(&out, about(r))
	return out.String(), err
}

// quote is a text as all five languages write one: of JSON's escapes they share.
func quote(text string) (string, error) {
	b, err := json.Marshal(text)
	return string(b), err
}

// names are what the texts are made of.
type names struct{ Path, Field, Region, Namespace, Mount, Name, API string }

func about(r ref.Ref) names {
	n := names{Path: r.Path, Field: r.Key, Region: r.Params["region"], Namespace: r.Params["namespace"]}
	switch r.Backend {
	case ref.AWSParams:
		n.Path = "/" + strings.TrimPrefix(r.Path, "/")
	case ref.Vault: // https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2#read-secret-version
		n.Mount, n.Name, _ = strings.Cut(r.Path, "/")
		n.API = "/v1/" + n.Mount + "/data/" + n.Name
		if n.Field == "" {
			n.Field = "value"
		}
	}
	return n
}

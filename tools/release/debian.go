package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

// debian writes the package. The programs are static: it depends on nothing; git is
// what hooks run under.
func (r *release) debian(t target, built []binary, notices []byte) error {
	all, err := r.installed(t, built, notices)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "oakum-deb-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	info := &nfpm.Info{
		Name: "oakum", Arch: t.arch, Platform: "linux", Version: debianVersion(r.stamp.version), VersionSchema: "none",
		Section: "utils", Priority: "optional", Maintainer: "The oakum authors <oakum-sec@users.noreply.github.com>",
		Description: "find hardcoded credentials, and keep new ones out\n" +
			"oakum scans files, git repositories, container images and Kubernetes objects\nfor credentials, and keeps new ones out with hooks, in CI and in clusters.",
		Homepage: "https://github.com/oakum-sec/oakum", License: "Apache-2.0", MTime: r.stamp.at, DisableGlobbing: true,
	}
	info.Recommends = []string{"git"}
	for i, f := range all.sorted() {
		path := filepath.Join(work, fmt.Sprint(i))
		if err := os.WriteFile(path, f.content, f.mode); err != nil {
			return err
		}
		info.Contents = append(info.Contents, &files.Content{
			Source: path, Destination: "/usr/" + debianPath(f.name),
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: r.stamp.at},
		})
	}
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return err
	}
	var out bytes.Buffer
	if err := deb.Default.Package(info, &out); err != nil {
		return err
	}
	return r.write(fmt.Sprintf("oakum_%s_%s.deb", r.number(), t.arch), out.Bytes())
}

// debianPath differs where Debian has a place of its own: zsh looks for what
// packages bring in vendor-completions, and a licence is called copyright (Policy 12.5).
func debianPath(name string) string {
	name = strings.Replace(name, "share/zsh/site-functions/", "share/zsh/vendor-completions/", 1)
	return strings.Replace(name, "share/doc/oakum/LICENSE", "share/doc/oakum/copyright", 1)
}

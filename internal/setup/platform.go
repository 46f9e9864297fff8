package setup

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Platform is a CI system.
type Platform struct {
	Name  string   // as --ci takes it
	Title string   // for people
	Signs []string // files and folders that say that a repository uses it
	File  string   // where the step goes
	Host  string   // a part of the host's name of a remote on it; "" says nothing
	Adds  bool     // a job can be added at the end of File; else only a File that is not there is written
}

// Platforms are those that a step is known for, by their first sign.
func Platforms() []Platform {
	return []Platform{
		{Name: "github", Title: "GitHub Actions", Signs: []string{".github"}, File: ".github/workflows/oakum.yml", Host: "github.com"},
		{Name: "gitlab", Title: "GitLab CI", Signs: []string{".gitlab-ci.yml"}, File: ".gitlab-ci.yml", Host: "gitlab", Adds: true},
		{Name: "gitea", Title: "Gitea Actions", Signs: []string{".gitea", ".forgejo"}, File: ".gitea/workflows/oakum.yml", Host: "codeberg.org"},
		{Name: "bitbucket", Title: "Bitbucket Pipelines", Signs: []string{"bitbucket-pipelines.yml"}, File: "bitbucket-pipelines.yml", Host: "bitbucket.org"},
		{Name: "azure", Title: "Azure Pipelines", Signs: []string{"azure-pipelines.yml", ".azure-pipelines"}, File: "azure-pipelines.yml", Host: "dev.azure.com"},
		{Name: "circleci", Title: "CircleCI", Signs: []string{".circleci"}, File: ".circleci/config.yml"},
		{Name: "buildkite", Title: "Buildkite", Signs: []string{".buildkite"}, File: ".buildkite/pipeline.yml"},
		{Name: "jenkins", Title: "Jenkins", Signs: []string{"Jenkinsfile"}, File: "Jenkinsfile"},
	}
}

// PlatformByName finds a platform.
func PlatformByName(name string) (Platform, error) {
	var names []string
	for _, p := range Platforms() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Platform{}, fmt.Errorf("there is no CI system %q (one of %s)", name, strings.Join(names, ", "))
}

// Detect finds the platforms that a repository uses: by its files, or where none of
// these is there, by where its remote is.
func Detect(there func(name string) bool, remote string) (found []Platform) {
	for _, p := range Platforms() {
		if slices.ContainsFunc(p.Signs, there) {
			found = append(found, p)
		}
	}
	if len(found) > 0 {
		return found
	}
	for _, p := range Platforms() {
		if p.Host != "" && strings.Contains(hostOf(remote), p.Host) {
			return []Platform{p}
		}
	}
	return nil
}

// hostOf is the host of a remote: of a URL, or of ssh's user@host:path.
func hostOf(remote string) string {
	if _, rest, ok := strings.Cut(remote, "://"); ok {
		remote = rest
	}
	host, _, _ := strings.Cut(remote, "/")
	if _, after, ok := strings.Cut(host, "@"); ok {
		host = after
	}
	host, _, _ = strings.Cut(host, ":")
	return strings.ToLower(host)
}

// Lines are what a person is to add to a file by hand.
type Lines struct {
	File, Text, Why string
}

// runs is how a pipeline is known to run oakum already.
const runs = "oakum"

// Step is the change that makes a platform run oakum, or the lines to add by hand
// where a file is there that cannot be added to without guessing. Both are nil where it
// runs oakum already.
func (p Platform) Step(step []byte, read func(file string) ([]byte, error)) (*Change, *Lines, error) {
	old, err := read(p.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Change{File: p.File, New: step, Why: p.Title + " judges what each change adds"}, nil, nil
	case err != nil:
		return nil, nil, err
	case strings.Contains(string(old), runs):
		return nil, nil, nil
	}
	byHand := &Lines{File: p.File, Text: string(step), Why: p.Title + " has a pipeline of yours here"}
	if !p.Adds || !plainMapping(old) {
		return nil, byHand, nil
	}
	text := strings.TrimRight(string(old), "\n") + "\n\n" + string(step)
	return &Change{File: p.File, Old: old, New: []byte(text), Why: p.Title + " judges what each change adds"}, nil, nil
}

// plainMapping tells whether a YAML file is one block of names at the left edge, to
// whose end another can be added: no second document, no braces around it, and it does
// not end within a text.
func plainMapping(text []byte) bool {
	names := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, " \r\n")
		switch {
		case line == "" || line[0] == '#' || line[0] == ' ' || line[0] == '-' && line != "---":
		case line == "---" && names == 0:
		case strings.ContainsAny(line[:1], "{[%&*!|>'\"\t.") || line == "---":
			return false
		case strings.HasSuffix(line, ":") || strings.Contains(line, ": "):
			names++
		default:
			return false
		}
	}
	return names > 0
}

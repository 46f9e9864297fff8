package gitleaks

import (
	"fmt"
	"net/url"
	"strings"
)

// hosts are the code hosts that gitleaks links to, by the names its --platform
// takes, and what their public host is called.
var hosts = []struct{ name, host string }{
	{"github", "github.com"}, {"gitlab", "gitlab.com"}, {"bitbucket", "bitbucket.org"},
	{"azuredevops", "dev.azure.com"}, {"gitea", "gitea.com"},
}

// CheckHost tells whether --platform may be name.
func CheckHost(name string) error {
	if name == "" || name == "none" || name == "unknown" {
		return nil
	}
	var known []string
	for _, h := range hosts {
		if strings.EqualFold(h.name, name) {
			return nil
		}
		known = append(known, h.name)
	}
	return fmt.Errorf("--platform: unknown platform %q: use one of %s, none", name, strings.Join(known, ", "))
}

// linker gives the func that links a row to its line at the code host; it gives
// "" where nothing tells how that host names lines.
func linker(remote, host string) func(Finding) string {
	page := webPage(remote)
	if page == nil || host == "none" {
		return func(Finding) string { return "" }
	}
	name := strings.ToLower(host)
	for _, h := range hosts {
		if name == "" && page.Hostname() == h.host {
			name = h.name
		}
	}
	base := page.String()
	return func(f Finding) string { return lineAt(name, base, f) }
}

// lineAt writes a link as each host documents its own.
func lineAt(host, base string, f Finding) string {
	file := (&url.URL{Path: f.File}).EscapedPath()
	span := fmt.Sprintf("L%d", f.StartLine)
	if f.EndLine > f.StartLine {
		span += fmt.Sprintf("-L%d", f.EndLine)
		if host == "gitlab" {
			span = fmt.Sprintf("L%d-%d", f.StartLine, f.EndLine)
		}
	}
	switch host {
	case "github", "gitlab":
		return fmt.Sprintf("%s/blob/%s/%s#%s", base, f.Commit, file, span)
	case "gitea":
		return fmt.Sprintf("%s/src/commit/%s/%s#%s", base, f.Commit, file, span)
	case "bitbucket":
		return fmt.Sprintf("%s/src/%s/%s#lines-%d", base, f.Commit, file, f.StartLine)
	case "azuredevops":
		return fmt.Sprintf("%s/commit/%s?path=/%s&line=%d&lineEnd=%d&type=2&lineStyle=plain&_a=files", base, f.Commit, file, f.StartLine, f.EndLine)
	}
	return ""
}

// webPage is a repository's page, from the URL that git fetches it by: https,
// ssh, or the short form user@host:path. What people put into such a URL before
// the @ is left out.
func webPage(remote string) *url.URL {
	if user, rest, ok := strings.Cut(remote, "@"); ok && !strings.Contains(user, "/") {
		if host, path, ok := strings.Cut(rest, ":"); ok {
			remote = "ssh://" + host + "/" + path
		}
	}
	u, err := url.Parse(remote)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	host := u.Host
	switch u.Scheme {
	case "ssh", "git":
		host = u.Hostname() // the port is sshd's
	case "https", "http":
	default:
		return nil
	}
	return &url.URL{Scheme: "https", Host: host, Path: strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), ".git")}
}

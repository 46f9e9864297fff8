package mcp

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

//lint:file-ignore SA1019 clients say by roots which folders are theirs, as long as they speak the protocol's versions before 2026-07-28 and a year on (SEP-2577); a person's `oakum mcp FOLDER` does without

// asksForRoots is the answer to a call whose roots are the client's to name: since
// protocol version 2026-07-28 a server asks by answering, and the call comes again
// with the client's answer (SEP-2322; the SDK does the same with older clients). nil
// where nobody has to be asked.
func (s *Server) asksForRoots(req *sdk.CallToolRequest) *sdk.CallToolResult {
	if len(s.Roots) > 0 || !offersRoots(req.Session) || req.Params.InputResponses[rootsAnswer] != nil {
		return nil
	}
	return &sdk.CallToolResult{InputRequests: sdk.InputRequestMap{rootsAnswer: &sdk.ListRootsParams{}}}
}

const rootsAnswer = "roots"

// below is path as an absolute one with its links resolved, if that lies below a root.
func (s *Server) below(req *sdk.CallToolRequest, path string) (string, error) {
	roots, err := s.roots(req)
	if err != nil {
		return "", err
	}
	if path == "" {
		return "", errors.New("path: name a file or folder")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(roots[0], path)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, err)
	}
	for _, root := range roots {
		if within(root, real) {
			return real, regular(real)
		}
	}
	return "", fmt.Errorf("%s is outside of what this server may open (%s); a person can start it with more: oakum mcp FOLDER", path, strings.Join(roots, ", "))
}

// regular refuses what is neither file nor folder: opening a pipe waits for its writer.
func regular(path string) error {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = fmt.Errorf("%s is neither a file nor a folder", path)
	}
	return err
}

// repositoryBelow refuses a repository of which a part lies outside of the roots: a file
// .git can name any folder as the git directory.
func (s *Server) repositoryBelow(req *sdk.CallToolRequest, path string) error {
	folders, err := s.Engine.Folders(path)
	if err != nil {
		return err
	}
	for _, f := range folders {
		if _, err := s.below(req, f); err != nil {
			return err
		}
	}
	return nil
}

func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}

// roots are the folders below which files may be opened, at least one, with links
// resolved. What the person gave on the command line is not widened by a client.
func (s *Server) roots(req *sdk.CallToolRequest) ([]string, error) {
	names := s.Roots
	if list, ok := req.Params.InputResponses[rootsAnswer].(*sdk.ListRootsResult); ok && len(names) == 0 && list != nil {
		for _, r := range list.Roots {
			if name, ok := fileOf(r.URI); ok {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return nil, errors.New("the client named no folder as a root, so there is nothing that may be opened")
		}
	}
	if len(names) == 0 {
		names = []string{s.Here}
	}
	var roots []string
	for _, name := range names {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			roots = append(roots, real)
		}
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("none of the roots is there: %s", strings.Join(names, ", "))
	}
	return roots, nil
}

func offersRoots(session *sdk.ServerSession) bool {
	if session == nil || session.InitializeParams() == nil || session.InitializeParams().Capabilities == nil {
		return false
	}
	return session.InitializeParams().Capabilities.RootsV2 != nil
}

// fileOf is the path of a file: URI (RFC 8089).
func fileOf(uri string) (string, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" && u.Host != "localhost" {
		return "", false
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/") // /C:/folder
	}
	path = filepath.FromSlash(path)
	return path, filepath.IsAbs(path)
}

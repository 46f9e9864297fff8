// Package mcp serves oakum to language models over the Model Context Protocol
// (modelcontextprotocol.io, by its official Go SDK): scan files and repositories,
// explain a line or a rule, list rules.
//
// Promises: no answer holds a value; nothing outside of the roots is scanned, where a
// root is a folder that the server was started with or, where it was started with
// none, one that the client names; a call that is cancelled stops; and a tool that
// fails says why in an answer of the shape that the protocol has for it.
//
// Limits: it changes nothing, and what it tells of a repository's own allow file
// counts as on the command line: only where a person has trusted it. A model that is
// told where a credential stands can open the file by other means: what keeps it
// from doing so is `oakum hook run agent`.
package mcp

import (
	"context"
	"io"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/oakum-sec/oakum/internal/report"
)

// Engine is what does the work: the command line's.
type Engine interface {
	// Scan scans the file or folder at path, an absolute one. told is called a few
	// times a second.
	Scan(ctx context.Context, path string, opt ScanOptions, told func(texts, bytes int64)) (*report.Document, error)
	// Folders are those that a scan of the repository at path reads: a git directory and
	// its alternates can lie elsewhere. An error where path is no repository.
	Folders(path string) ([]string, error)
	// ExplainLine and ExplainRule say what `oakum explain` says.
	ExplainLine(ctx context.Context, path string, line int) (string, error)
	ExplainRule(id string) (string, error)
	// Rules lists the built-in rules.
	Rules() ([]report.Rule, error)
}

// ScanOptions say what is scanned; the zero value is the files as they lie on disk.
type ScanOptions struct {
	History  bool   // of a repository: every ref, index and working tree
	Staged   bool   // of a repository: what is staged
	MinProof string // "": all tiers
}

// Server serves one client.
type Server struct {
	Engine  Engine
	Roots   []string // folders; none: the client's, or Here where it names none
	Here    string   // the folder in which the server was started
	Version string
}

// Serve speaks with the client until it goes or ctx ends.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	return s.server().Run(ctx, &sdk.IOTransport{Reader: io.NopCloser(in), Writer: keepOpen{out}})
}

// keepOpen is a writer that is not the session's to close.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// instructions are what a client may tell its model about the server.
const instructions = `oakum finds hardcoded credentials. Values are never shown: a finding names the file, the line, the kind of
credential and what to do. Scan what you are about to commit or hand on. A finding of verdict "deny" is to be taken out of
the file: read the value from the environment or a secret store. Whether something is no credential is for a person to say.`

func (s *Server) server() *sdk.Server {
	server := sdk.NewServer(&sdk.Implementation{Name: "oakum", Title: "oakum", Version: s.Version}, &sdk.ServerOptions{
		Instructions: instructions,
		Capabilities: &sdk.ServerCapabilities{},
	})
	sdk.AddTool(server, tool("scan", "Scan for credentials",
		"Find hardcoded credentials in a file or folder, or in a git repository's history or staged changes. Values are not shown."), s.scan)
	sdk.AddTool(server, tool("explain", "Explain a finding",
		"Say why a line of a file is reported or not, and what speaks for and against each value on it; or what a rule finds and how to rotate it. Give path and line, or rule."), s.explain)
	sdk.AddTool(server, tool("rules_list", "List rules",
		"List the kinds of credentials that are known, by a word of their id, description or tags."), s.rulesList)
	sdk.AddTool(server, tool("rules_show", "Show a rule",
		"Tell of one rule: what it finds, what a holder reaches, how to rotate it, where its format is documented."), s.rulesShow)
	return server
}

func tool(name, title, about string) *sdk.Tool {
	no := false
	return &sdk.Tool{Name: name, Title: title, Description: about,
		Annotations: &sdk.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: &no, DestructiveHint: &no}}
}

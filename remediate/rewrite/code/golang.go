package code

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	gotoken "go/token"
	"strconv"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// goFile is a parsed file and the way from a value to the file's root.
type goFile struct {
	src   []byte
	ast   *ast.File
	start gotoken.Pos // of the file
}

func parseGo(src []byte) (*goFile, error) {
	fset := gotoken.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		if list, ok := err.(scanner.ErrorList); ok && len(list) > 0 {
			return nil, fmt.Errorf("line %d does not parse", list[0].Pos.Line) // the message may quote the text
		}
		return nil, fmt.Errorf("it does not parse")
	}
	return &goFile{src, f, f.FileStart}, nil
}

func (g *goFile) offset(p gotoken.Pos) int { return int(p - g.start) }

func editGo(src []byte, e change.Edit) (change.Change, *change.Refusal) {
	g, err := parseGo(src)
	if err != nil {
		return change.Change{}, change.Refuse(change.Unparsable, "the file does not read as Go: %v", err)
	}
	for _, group := range g.ast.Comments {
		if g.holds(group, e) {
			return change.Change{}, change.Refuse(change.InComment, "the value stands in a comment, which nothing reads: delete it there")
		}
	}
	path := g.path(e)
	lit, ok := path[len(path)-1].(*ast.BasicLit)
	if !ok || lit.Kind != gotoken.STRING {
		return change.Change{}, change.Refuse(change.InName, "the value is no string literal: change it by hand")
	}
	expr := `os.Getenv("` + e.Name + `")`
	c, no := g.context(path, expr)
	if no != nil {
		return change.Change{}, no
	}
	imported, no := g.importOS(expr)
	if no != nil {
		return change.Change{}, no
	}
	c.Add(imported)
	w := cut(src, token{text, g.offset(lit.Pos()), g.offset(lit.End())}, e.Span, 1, 1)
	c.Add(file{src: src}.sum(0, w, expr, g.alone(path)))
	c.Needs = append(c.Needs, change.Need{Kind: change.NeedEnvironment, Name: e.Name, Ref: e.Ref})
	return c, nil
}

func (g *goFile) holds(n ast.Node, e change.Edit) bool {
	return int64(g.offset(n.Pos())) <= e.Span.Start && e.Span.End <= int64(g.offset(n.End()))
}

// path is the nodes that hold the value, from the file to the innermost.
func (g *goFile) path(e change.Edit) (path []ast.Node) {
	ast.Inspect(g.ast, func(n ast.Node) bool {
		if n == nil || !g.holds(n, e) {
			return false
		}
		path = append(path, n)
		return true
	})
	if len(path) == 0 {
		path = []ast.Node{g.ast}
	}
	return path
}

// context refuses where Go wants a constant, and makes a variable of a constant
// that stands alone.
func (g *goFile) context(path []ast.Node, expr string) (change.Change, *change.Refusal) {
	for i, n := range path {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return change.Change{}, change.Refuse(change.InName, "the value names a package: change it by hand")
		case *ast.Field:
			if n.Tag != nil && n.Tag == path[len(path)-1] {
				return change.Change{}, change.Refuse(change.InName, "the value is a field's tag: change it by hand")
			}
		case *ast.GenDecl:
			if n.Tok == gotoken.CONST {
				return g.constant(n, path[i:], expr)
			}
		}
	}
	return change.Change{}, nil
}

func (g *goFile) constant(n *ast.GenDecl, path []ast.Node, expr string) (change.Change, *change.Refusal) {
	spec, ok := path[1].(*ast.ValueSpec)
	if !ok || n.Lparen.IsValid() || len(spec.Names) != 1 || g.inConstant(spec) {
		return change.Change{}, suggest(expr, "the value is a constant of a group, or other constants are made of it: make it a variable by hand")
	}
	at := g.offset(n.TokPos)
	return change.Change{
		Splices: []change.Splice{{Start: at, End: at + len("const"), Text: "var"}},
		Notes:   []string{spec.Names[0].Name + " is no constant any more: what needs one (a case, another constant) will not compile"},
	}, nil
}

// inConstant tells whether another constant of the file is made of this one.
func (g *goFile) inConstant(spec *ast.ValueSpec) (used bool) {
	for _, d := range g.ast.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != gotoken.CONST {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id != spec.Names[0] && id.Name == spec.Names[0].Name {
				used = true
			}
			return true
		})
	}
	return used
}

// alone tells whether a sum can stand there without parentheses.
func (g *goFile) alone(path []ast.Node) bool {
	if len(path) < 2 {
		return true
	}
	switch p := path[len(path)-2].(type) {
	case *ast.BinaryExpr:
		return p.Op == gotoken.ADD
	case *ast.SelectorExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.UnaryExpr, *ast.TypeAssertExpr:
		return false
	}
	return true
}

// importOS adds the import where it is not there.
func (g *goFile) importOS(expr string) (change.Change, *change.Refusal) {
	for _, spec := range g.ast.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path == "os" && spec.Name == nil {
			return change.Change{}, nil
		}
	}
	taken := false // by something else of that name
	ast.Inspect(g.ast, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == "os" {
			taken = true
		}
		return !taken
	})
	if taken {
		return change.Change{}, suggest(expr, "the file calls something else os, or imports it by another name: change it by hand")
	}
	for _, d := range g.ast.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != gotoken.IMPORT || !decl.Lparen.IsValid() || len(decl.Specs) == 0 {
			continue
		}
		return change.Change{Splices: []change.Splice{g.inGroup(decl)}}, nil
	}
	at := g.offset(g.ast.Name.End())
	return change.Change{Splices: []change.Splice{{Start: at, End: at, Text: "\n\nimport \"os\""}}}, nil
}

// inGroup puts "os" in its order into the first block of the group.
func (g *goFile) inGroup(decl *ast.GenDecl) change.Splice {
	first := decl.Specs[0].(*ast.ImportSpec)
	at := -1
	for _, s := range decl.Specs {
		spec := s.(*ast.ImportSpec)
		path, _ := strconv.Unquote(spec.Path.Value)
		if host, _, _ := strings.Cut(path, "/"); path > "os" || strings.Contains(host, ".") {
			break
		}
		at = g.offset(spec.End())
		if spec.Comment != nil {
			at = g.offset(spec.Comment.End())
		}
	}
	if at < 0 {
		at = g.offset(first.Pos())
		return change.Splice{Start: at, End: at, Text: "\"os\"\n\t"}
	}
	return change.Splice{Start: at, End: at, Text: "\n\t\"os\""}
}

// checkGo parses the result, and compares tokens.
func checkGo(src, out []byte, c change.Change) error {
	for _, text := range [][]byte{src, out} {
		if _, err := parseGo(text); err != nil {
			return err
		}
	}
	return sameTokens(goTokens(src), goTokens(out), c)
}

func goTokens(src []byte) (all []token) {
	fset := gotoken.NewFileSet()
	f := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(f, src, nil, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		if tok == gotoken.EOF {
			return all
		}
		if tok == gotoken.SEMICOLON && lit != ";" {
			continue // put in at a line's end
		}
		if lit == "" {
			lit = tok.String()
		}
		start := f.Offset(pos)
		all = append(all, token{word, start, start + len(lit)})
	}
}

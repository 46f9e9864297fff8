// Package terraform rewrites HCL: a literal in a .tf file becomes a variable
// that is sensitive, and a value in a .tfvars file goes, so that TF_VAR_name
// sets it (a file of values would win over the environment). It reads with
// HashiCorp's own parser, and changes bytes, not the parser's output.
//
// Limit: what Terraform reads before variables exist (backends, versions,
// sources of modules) and values within other values of .tfvars are left to a
// person. The state keeps what a resource was given: a variable keeps it out of
// the repository alone.
package terraform

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
)

// Edit makes one edit; values tells a file of values from one of code.
func Edit(values bool) func(src []byte, e change.Edit) (change.Change, *change.Refusal) {
	return func(src []byte, e change.Edit) (change.Change, *change.Refusal) {
		body, err := parse(src)
		if err != nil {
			return change.Change{}, change.Refuse(change.Unparsable, "the file does not read as HCL: %v", err)
		}
		f := &finder{start: int(e.Span.Start), end: int(e.Span.End)}
		f.body(nil, body)
		switch {
		case f.attr == nil && comment(src, f.start):
			return change.Change{}, change.Refuse(change.InComment, "the value stands in a comment, which nothing reads: delete it there")
		case f.attr == nil:
			return change.Change{}, change.Refuse(change.InName, "the value is not what a name holds: change it by hand")
		case values:
			return f.value(src, e)
		}
		return f.code(src, e, body)
	}
}

// parse keeps what the parser quotes of the text to itself.
func parse(src []byte) (*hclsyntax.Body, error) {
	file, diags := hclsyntax.ParseConfig(src, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, fmt.Errorf("line %d: %s", diags[0].Subject.Start.Line, diags[0].Summary)
	}
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return nil, errors.New("it has no body")
	}
	return body, nil
}

func comment(src []byte, at int) bool {
	line := src[bytes.LastIndexByte(src[:at], '\n')+1 : at]
	return bytes.Contains(line, []byte("#")) || bytes.Contains(line, []byte("//")) || bytes.Contains(line, []byte("*"))
}

// finder goes to the attribute that holds a value.
type finder struct {
	start, end int
	attr       *hclsyntax.Attribute
	block      *hclsyntax.Block // the innermost; nil at the top
	outer      *hclsyntax.Block // the outermost
	path       leaf.Path
}

func (f *finder) holds(r hcl.Range) bool { return r.Start.Byte <= f.start && f.end <= r.End.Byte }

func (f *finder) body(path leaf.Path, body *hclsyntax.Body) {
	for name, attr := range body.Attributes {
		if f.holds(attr.Expr.Range()) {
			f.attr, f.path = attr, path.Child(name)
		}
	}
	for i, b := range body.Blocks {
		if f.holds(b.Body.Range()) {
			f.block = b
			if f.outer == nil {
				f.outer = b
			}
			f.body(step(path, i, body.Blocks), b.Body)
		}
	}
}

// step is a block's path: its type, labels, and place among those of the same.
func step(path leaf.Path, i int, blocks hclsyntax.Blocks) leaf.Path {
	name := func(b *hclsyntax.Block) string { return strings.Join(append([]string{b.Type}, b.Labels...), " ") }
	same := 0
	for _, b := range blocks[:i] {
		if name(b) == name(blocks[i]) {
			same++
		}
	}
	return path.Child(fmt.Sprintf("%s %d", name(blocks[i]), same))
}

// value drops an attribute of a file of values.
func (f *finder) value(src []byte, e change.Edit) (change.Change, *change.Refusal) {
	t := f.template()
	if t == nil || t.Range() != f.attr.Expr.Range() || !whole(src, t, e) {
		return change.Change{}, change.Refuse(change.SuggestOnly, "the value is a part of %s, and a file of values refers to nothing: keep the whole in the store, and drop it here", f.path.Show())
	}
	return f.drop(src, e, "TF_VAR_"+f.attr.Name), nil
}

func (f *finder) drop(src []byte, e change.Edit, variable string) change.Change {
	r := f.attr.Range()
	start := bytes.LastIndexByte(src[:r.Start.Byte], '\n') + 1
	end := len(src)
	if i := bytes.IndexByte(src[r.End.Byte:], '\n'); i >= 0 {
		end = r.End.Byte + i + 1
	}
	return change.Change{
		Splices: []change.Splice{{Start: start, End: end}},
		Touched: []change.Touch{{Path: f.path.String(), Gone: true}},
		Needs:   []change.Need{{Kind: change.NeedVariable, Name: variable, Ref: e.Ref}},
	}
}

// code puts a variable where the value is.
func (f *finder) code(src []byte, e change.Edit, body *hclsyntax.Body) (change.Change, *change.Refusal) {
	t := f.template()
	name := strings.ToLower(e.Name)
	switch {
	case t == nil:
		return change.Change{}, change.Refuse(change.InName, "the value is no string: change it by hand")
	case f.outer != nil && f.outer.Type == "terraform", f.outer != nil && f.outer.Type == "module" && (f.attr.Name == "source" || f.attr.Name == "version"):
		return change.Change{}, change.Refuse(change.SuggestOnly, "Terraform reads %s before it has variables: give it by -backend-config, or by the environment", f.path.Show())
	case f.block != nil && f.block.Type == "variable" && f.attr.Name == "default":
		return f.defaultOf(src, t, e)
	}
	from, to, text := int(e.Span.Start), int(e.Span.End), "${var."+name+"}"
	if r := t.Range(); whole(src, t, e) {
		from, to, text = r.Start.Byte, r.End.Byte, "var."+name
	}
	c := change.Change{
		Splices: []change.Splice{{Start: from, End: to, Text: text}},
		Touched: []change.Touch{{Path: f.path.String(), Holds: text}},
		Needs:   []change.Need{{Kind: change.NeedVariable, Name: "TF_VAR_" + name, Ref: e.Ref}},
	}
	if !declares(body, name) {
		c.Add(declare(src, name))
	}
	return c, nil
}

// defaultOf drops a variable's default, and has Terraform hide its value.
func (f *finder) defaultOf(src []byte, t *hclsyntax.TemplateExpr, e change.Edit) (change.Change, *change.Refusal) {
	if t.Range() != f.attr.Expr.Range() || !whole(src, t, e) {
		return change.Change{}, change.Refuse(change.SuggestOnly, "the value is a part of the default: keep the whole in the store, and drop the default")
	}
	c := f.drop(src, e, "TF_VAR_"+f.block.Labels[0])
	if f.block.Body.Attributes["sensitive"] == nil {
		name := f.attr.NameRange
		indent := string(src[c.Splices[0].Start:name.Start.Byte])
		eol := string(src[f.attr.Range().End.Byte:c.Splices[0].End])
		c.Splices[0].Text = indent + "sensitive = true" + eol
		if strings.TrimSpace(indent) != "" { // variable "x" { default = … }
			c.Splices[0] = change.Splice{Start: name.Start.Byte, End: f.attr.Range().End.Byte, Text: "sensitive = true"}
		}
		path := f.path[:len(f.path)-1]
		c.Touched = append(c.Touched, change.Touch{Path: path.Child("sensitive").String(), Added: true, Holds: "true"})
	}
	return c, nil
}

func declares(body *hclsyntax.Body, name string) bool {
	return slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == "variable" && b.Labels[0] == name })
}

func declare(src []byte, name string) change.Change {
	eol := "\n"
	if bytes.Contains(src, []byte("\r\n")) {
		eol = "\r\n"
	}
	text := strings.Join([]string{"", `variable "` + name + `" {`, "  type      = string", "  sensitive = true", "}", ""}, eol)
	if !bytes.HasSuffix(src, []byte("\n")) {
		text = eol + text
	}
	return change.Change{
		Splices: []change.Splice{{Start: len(src), End: len(src), Text: text}},
		Touched: []change.Touch{{Path: fmt.Sprintf("variable %s 0", name), Prefix: true}},
		Notes:   []string{"variable " + name + " is declared in the file that uses it: where the module has it already, delete this declaration"},
	}
}

// template is the innermost string that holds the value.
func (f *finder) template() (found *hclsyntax.TemplateExpr) {
	key := false
	_ = hclsyntax.VisitAll(f.attr.Expr, func(n hclsyntax.Node) hcl.Diagnostics {
		if k, ok := n.(*hclsyntax.ObjectConsKeyExpr); ok && f.holds(k.Range()) {
			key = true
		}
		if t, ok := n.(*hclsyntax.TemplateExpr); ok && f.holds(t.Range()) {
			found = t
		}
		return nil
	})
	if key {
		return nil
	}
	return found
}

// whole tells whether the value is all that is within a string's quotes.
func whole(src []byte, t *hclsyntax.TemplateExpr, e change.Edit) bool {
	r := t.Range()
	raw := string(src[r.Start.Byte:r.End.Byte])
	return strings.HasPrefix(raw, `"`) && strings.Trim(raw, `"`) == strings.Trim(string(src[e.Span.Start:e.Span.End]), `"`)
}

// Check compares attributes, each by the text of its expression.
func Check(src, out []byte, c change.Change) error {
	before, err := leaves(src)
	if err != nil {
		return err
	}
	after, err := leaves(out)
	if err != nil {
		return err
	}
	return leaf.Equal(before, after, c.Touched)
}

func leaves(src []byte) ([]leaf.Leaf, error) {
	body, err := parse(src)
	if err != nil {
		return nil, err
	}
	var all []leaf.Leaf
	list(src, nil, body, &all)
	return all, nil
}

func list(src []byte, path leaf.Path, body *hclsyntax.Body, all *[]leaf.Leaf) {
	var names []string
	for name := range body.Attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r := body.Attributes[name].Expr.Range()
		*all = append(*all, leaf.Leaf{Path: path.Child(name), Kind: "expression", Value: string(src[r.Start.Byte:r.End.Byte])})
	}
	for i, b := range body.Blocks {
		at := step(path, i, body.Blocks)
		*all = append(*all, leaf.Leaf{Path: at, Kind: "block"})
		list(src, at, b.Body, all)
	}
}

package policy

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/oakum-sec/oakum/leak"
)

// without are the built-in functions that a policy does not get: those that reach
// the network, a file or the environment, or that answer differently each time.
// (A JSON schema can name another by its address.)
var without = []string{
	"http.send", "net.lookup_ip_addr", "opa.runtime",
	"json.match_schema", "json.verify_schema",
	"rand.intn", "uuid.rfc4122", "io.jwt.encode_sign", "io.jwt.encode_sign_raw", "io.jwt.decode_verify",
}

// capabilities are OPA's of this version, less what leads out.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return slices.Contains(without, b.Name) })
	c.AllowNet = []string{}
	return c
}

// oakumModules are those that oakum brings, parsed.
func oakumModules() (map[string]*ast.Module, error) {
	all := map[string]*ast.Module{}
	for _, name := range []string{"default.rego", "lib.rego"} {
		src, err := fs.ReadFile(embedded, "rego/"+name)
		if err != nil {
			return nil, err
		}
		m, err := ast.ParseModuleWithOpts("oakum/"+name, string(src), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, err
		}
		all["oakum/"+name] = m
	}
	return all, nil
}

// Schema is the JSON Schema of the input document.
func Schema() ([]byte, error) { return fs.ReadFile(embedded, "rego/input.schema.json") }

func inputSchema() (*ast.SchemaSet, error) {
	src, err := Schema()
	if err != nil {
		return nil, err
	}
	var schema any
	if err := json.Unmarshal(src, &schema); err != nil {
		return nil, fmt.Errorf("read the schema of the input: %w", err)
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, schema)
	return set, nil
}

// newCompiler is a compiler with what it is to compile: oakum's modules, and the
// user's own with the schema of the input, so that a field that there is not is an
// error and not silence.
func newCompiler(own *bundled) (*ast.Compiler, map[string]*ast.Module, error) {
	modules, err := oakumModules()
	if err != nil {
		return nil, nil, err
	}
	c := ast.NewCompiler().WithCapabilities(capabilities()).WithDefaultRegoVersion(ast.RegoV1)
	if own == nil {
		return c, modules, nil
	}
	schema, err := inputSchema()
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(modules, own.modules)
	return c.WithSchemas(schema), modules, nil
}

// compiled is a policy that has no queries yet.
type compiled struct {
	*ast.Compiler
	store  storage.Store // of its data
	own    *bundled
	prints bool // its print statements are run
}

func compile(own *bundled, prints bool) (*compiled, error) {
	c, modules, err := newCompiler(own)
	if err != nil {
		return nil, err
	}
	if c.WithEnablePrintStatements(prints).Compile(modules); c.Failed() {
		return nil, c.Errors
	}
	data := map[string]any{}
	if own != nil {
		data = own.data
	}
	return &compiled{c, inmem.NewFromObjectWithOpts(data, inmem.OptRoundTripOnWrite(false)), own, prints}, nil
}

// question is what policies are asked.
type question struct {
	builtin string                  // the rule of the built-in policy
	rules   map[leak.Verdict]string // those of the user's, which contain reasons
	leaves  []field                 // of what it is about
}

var (
	ownFindingRules = map[leak.Verdict]string{leak.Deny: "deny", leak.Warn: "warn", leak.Allow: "allow"}
	ownGapRules     = map[leak.Verdict]string{leak.Deny: "deny_gap", leak.Warn: "warn_gap", leak.Allow: "allow_gap"}

	aboutText   = question{"text_decision", ownFindingRules, allFindingFields}
	aboutObject = question{"object_decision", ownFindingRules, allFindingFields}
	aboutGap    = question{"gap_decision", ownGapRules, allGapFields}
)

// ownPackage is where the user's rules are, builtinPackage where oakum's.
const (
	ownPackage     = "data.oakum"
	builtinPackage = "data.oakum.builtin"
)

// asked is a question, ready to be asked.
type asked struct {
	own     *rego.PreparedEvalQuery // reasons by verdict, of the user's policy; nil: it says nothing about these
	builtin rego.PreparedEvalQuery
	memo    []field // the leaves that the rules read; two subjects that agree in them are decided alike
}

// prepare makes the queries of a question.
func (c *compiled) prepare(q question) (*asked, error) {
	a := &asked{}
	entries := []ast.Ref{ast.MustParseRef(builtinPackage + "." + q.builtin)}
	var err error
	if a.builtin, err = c.query("x = " + entries[0].String()); err != nil {
		return nil, err
	}
	if c.own != nil {
		there := c.own.rules(q.rules)
		var terms []string
		for _, v := range slices.Sorted(maps.Keys(there)) {
			terms = append(terms, fmt.Sprintf("%q: %s.%s", v.String(), ownPackage, there[v]))
			entries = append(entries, ast.MustParseRef(ownPackage+"."+there[v]))
		}
		if len(terms) > 0 {
			own, err := c.query("x = {" + strings.Join(terms, ", ") + "}")
			if err != nil {
				return nil, err
			}
			a.own = &own
		}
	}
	a.memo = read(c.Compiler, q.leaves, entries)
	return a, nil
}

func (c *compiled) query(text string) (rego.PreparedEvalQuery, error) {
	return rego.New(rego.Compiler(c.Compiler), rego.Store(c.store), rego.Query(text), rego.StrictBuiltinErrors(true), rego.EnablePrintStatements(c.prints)).PrepareForEval(context.Background())
}

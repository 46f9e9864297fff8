package rewrite

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

const (
	js = "process.env.DB_PASSWORD"
	py = `os.environ["DB_PASSWORD"]`
	gg = `os.Getenv("DB_PASSWORD")`
	jv = `System.getenv("DB_PASSWORD")`
)

var javascriptCases = []one{
	{name: "a.js", before: "// c\nconst p = '«hunter2x»'; // d\n", after: "// c\nconst p = " + js + "; // d\n"},
	{name: "a.js", before: "#!/usr/bin/env node\r\nf({ password: \"«hunter2x»\", re: /[\"/]/ })\r\n", after: "#!/usr/bin/env node\r\nf({ password: " + js + ", re: /[\"/]/ })\r\n"},
	{name: "a.mjs", before: "const u = \"dsn app/«hunter2x»@db/\\u00fc\"\n", after: "const u = \"dsn app/\" + " + js + " + \"@db/\\u00fc\"\n"},
	{name: "a.cjs", before: "const n = 'dsn «hunter2x»'.length\n", after: "const n = ('dsn ' + " + js + ").length\n"},
	{name: "a.js", before: "const u = `dsn ${user}/«hunter2x»@${`${db}`}`\n", after: "const u = `dsn ${user}/${" + js + "}@${`${db}`}`\n"},
	{name: "a.js", before: "const a = b / c; g(\"«hunter2x»\" /* why */, 4 / 2)\n", after: "const a = b / c; g(" + js + " /* why */, 4 / 2)\n"},
	{name: "a.js", before: "x = y ? '«hunter2x»' : '«TOKEN::hunter3x»'\n", after: "x = y ? " + js + " : process.env.TOKEN\n"},
	{name: "a.js", before: "const keys = ['«hunter2x»']\n", after: "const keys = [" + js + "]\n"},
	{name: "a.js", before: "const p = config['«hunter2x»']\n", reason: change.InName},
	{name: "a.ts", before: "const p: string = '«hunter2x»'\n", after: "const p: string = " + js + "!\n"},
	{name: "a.tsx", before: "const a = <p>don't</p>\nconst p = '«hunter2x»'\n", after: "const a = <p>don't</p>\nconst p = " + js + "!\n"},
	{name: "a.jsx", before: "const a = <A key=\"«hunter2x»\"/>\n", reason: change.SuggestOnly},
	{name: "a.ts", before: "type A = 'x' | '«hunter2x»'\n", reason: change.SuggestOnly},
	{name: "a.js", before: "const s = tag`x «hunter2x»`\n", reason: change.SuggestOnly},
	{name: "a.js", before: "// p = '«hunter2x»'\nlet a\n", reason: change.InComment},
	{name: "a.js", before: "import x from './«hunter2x»'\n", reason: change.InName},
	{name: "a.js", before: "const o = {'«hunter2x»': 1}\n", reason: change.InName},
	{name: "a.js", before: "const r = /«hunter2x»/\n", reason: change.InName},
	{name: "a.js", before: "const s = `«hunter2x»\n", reason: change.Unparsable},
	{name: "a.test.js", before: "const p = '«hunter2x»'\n", reason: change.InFixture},
}

var pythonCases = []one{
	{name: "a.py", before: "#!/usr/bin/env python3\n\"\"\"Docs.\"\"\"\nfrom __future__ import annotations\nimport sys\nP = '«hunter2x»'  # why\n", after: "#!/usr/bin/env python3\n\"\"\"Docs.\"\"\"\nfrom __future__ import annotations\nimport os\nimport sys\nP = " + py + "  # why\n"},
	{name: "a.py", before: "import os, sys\r\nconnect(password=\"«hunter2x»\")\r\n", after: "import os, sys\r\nconnect(password=" + py + ")\r\n"},
	{name: "a.py", before: "import os\nu = f\"dsn {user}/«hunter2x»@db\"\n", after: "import os\nu = f\"dsn {user}/{os.environ['DB_PASSWORD']}@db\"\n"},
	{name: "a.py", before: "import os\nu = 'dsn app/«hunter2x»@%s' % db\n", after: "import os\nu = ('dsn app/' + " + py + " + '@%s') % db\n"},
	{name: "a.py", before: "import os\nk = b\"«hunter2x»\"\n", after: "import os\nk = " + py + ".encode()\n"},
	{name: "a.py", before: "import os\nk = \"\"\"«-----BEGIN X-----\nabc\n-----END X-----»\"\"\"\n", after: "import os\nk = " + py + "\n"},
	{name: "a.py", before: "D = {\n    'p': r'«hunter2x»',\n}\n", after: "import os\n\nD = {\n    'p': " + py + ",\n}\n"},
	{name: "a.py", before: "import os\nx = {'a': ('«hunter2x»'), 'b': '«TOKEN::hunter3x»'}\n", after: "import os\nx = {'a': (" + py + "), 'b': os.environ[\"TOKEN\"]}\n"},
	{name: "a.py", before: "x = '«hunter2x»'\ny = '«TOKEN::hunter3x»'\n", after: "import os\n\nx = " + py + "\ny = os.environ[\"TOKEN\"]\n"},
	{name: "a.py", before: "def f():\n    \"\"\"As in «hunter2x».\"\"\"\n", reason: change.InComment},
	{name: "a.py", before: "x = 1  # «hunter2x»\n", reason: change.InComment},
	{name: "a.py", before: "x = ('a'\n     '«hunter2x»')\n", reason: change.SuggestOnly},
	{name: "a.py", before: "import my as os\nx = '«hunter2x»'\n", reason: change.SuggestOnly},
	{name: "a.py", before: "x = {'«hunter2x»': 1}\n", reason: change.InName},
	{name: "a.py", before: "x = '''«hunter2x»\n", reason: change.Unparsable},
	{name: "tests/test_a.py", before: "x = '«hunter2x»'\n", reason: change.InFixture},
}

var goCases = []one{
	{name: "a.go", before: "package a\n\nimport (\n\t\"fmt\" // c\n\n\t\"example.com/x\"\n)\n\nvar p = \"«hunter2x»\" // why\n\nvar _ = fmt.Sprint(x.A)\n", after: "package a\n\nimport (\n\t\"fmt\" // c\n\t\"os\"\n\n\t\"example.com/x\"\n)\n\nvar p = " + gg + " // why\n\nvar _ = fmt.Sprint(x.A)\n"},
	{name: "a.go", before: "package a\n\nvar p, q = `«hunter2x»`, 'x'\n", after: "package a\n\nimport \"os\"\n\nvar p, q = " + gg + ", 'x'\n"},
	{name: "a.go", before: "package a\n\nimport \"os\"\n\nfunc f() { os.Exit(len(\"dsn «hunter2x»@\\u00fc\")) }\n", after: "package a\n\nimport \"os\"\n\nfunc f() { os.Exit(len(\"dsn \" + " + gg + " + \"@\\u00fc\")) }\n"},
	{name: "a.go", before: "package a\n\nimport \"os\"\n\nvar b = \"dsn «hunter2x»\"[0]\n\nvar _ = os.Args\n", after: "package a\n\nimport \"os\"\n\nvar b = (\"dsn \" + " + gg + ")[0]\n\nvar _ = os.Args\n"},
	{name: "a.go", before: "package a\r\n\r\nimport \"os\"\r\n\r\nconst p = \"«hunter2x»\"\r\n\r\nvar _ = os.Args\r\n", after: "package a\r\n\r\nimport \"os\"\r\n\r\nvar p = " + gg + "\r\n\r\nvar _ = os.Args\r\n"},
	{name: "a.go", before: "package a\n\nvar m = map[string]string{\"k\": \"«hunter2x»\", \"l\": \"«TOKEN::hunter3x»\"}\n", after: "package a\n\nimport \"os\"\n\nvar m = map[string]string{\"k\": " + gg + ", \"l\": os.Getenv(\"TOKEN\")}\n"},
	{name: "a.go", before: "package a\n\nconst (\n\tp = \"«hunter2x»\"\n)\n", reason: change.SuggestOnly},
	{name: "a.go", before: "package a\n\nconst p = \"«hunter2x»\"\nconst q = p + \"a\"\n", reason: change.SuggestOnly},
	{name: "a.go", before: "package a\n\nvar os = 1\nvar p = \"«hunter2x»\"\n", reason: change.SuggestOnly},
	{name: "a.go", before: "package a\n\ntype t struct {\n\tA int `json:\"«hunter2x»\"`\n}\n", reason: change.InName},
	{name: "a.go", before: "package a\n\n// «hunter2x»\n", reason: change.InComment},
	{name: "a.go", before: "package a\n\nvar p = \"«hunter2x»\n", reason: change.Unparsable},
	{name: "a_test.go", before: "package a\n\nvar p = \"«hunter2x»\"\n", reason: change.InFixture},
}

var javaCases = []one{
	{name: "A.java", before: "class A { // c\n  static final String P = \"«hun\\\"ter»\"; char q = '\"';\n}\n", after: "class A { // c\n  static final String P = " + jv + "; char q = '\"';\n}\n"},
	{name: "A.java", before: "class A {\r\n  String u = \"dsn app/«hunter2x»@db\".trim();\r\n}\r\n", after: "class A {\r\n  String u = (\"dsn app/\" + " + jv + " + \"@db\").trim();\r\n}\r\n"},
	{name: "A.java", before: "class A { void f() { g(\"a\", \"«hunter2x»\"); } }\n", after: "class A { void f() { g(\"a\", " + jv + "); } }\n"},
	{name: "A.java", before: "class A { @Value(name = \"«hunter2x»\") String p; }\n", reason: change.SuggestOnly},
	{name: "A.java", before: "class A { String p = \"\"\"\n  a «hunter2x»\n  \"\"\"; }\n", reason: change.SuggestOnly},
	{name: "A.java", before: "/* «hunter2x» */ class A {}\n", reason: change.InComment},
	{name: "A.java", before: "class A { String p = \"«hunter2x»; }\n", reason: change.Unparsable},
}

func TestJavaScript(t *testing.T) { runAll(t, javascriptCases) }
func TestPython(t *testing.T)     { runAll(t, pythonCases) }
func TestGo(t *testing.T)         { runAll(t, goCases) }
func TestJava(t *testing.T)       { runAll(t, javaCases) }

// The languages' own parsers take what the cases expect.
func TestResultsParse(t *testing.T) {
	parsers := map[string][]string{
		".js": {"node", "--check"}, ".cjs": {"node", "--check"}, ".mjs": {"node", "--check"},
		".py": {"python3", "-c", "import ast,sys; ast.parse(open(sys.argv[1]).read())"},
	}
	seen := map[string]int{}
	for _, c := range append(append([]one{}, javascriptCases...), pythonCases...) {
		ext := filepath.Ext(c.name)
		parser := parsers[ext]
		if c.after == "" || parser == nil {
			continue
		}
		if _, err := exec.LookPath(parser[0]); err != nil {
			t.Logf("%s is not installed", parser[0])
			continue
		}
		at := filepath.Join(t.TempDir(), "a"+ext)
		if err := os.WriteFile(at, []byte(c.after), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(parser[0], append(parser[1:], at)...).CombinedOutput(); err != nil {
			t.Errorf("%s does not parse:\n%s\n%s", c.name, c.after, strings.TrimSpace(string(out)))
		}
		seen[parser[0]]++
	}
	for parser, n := range seen {
		if n < 6 {
			t.Errorf("%s saw %d cases", parser, n)
		}
	}
	if len(seen) == 0 {
		t.Skip("neither node nor python3 is installed")
	}
}

package rewrite

import (
	"bytes"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
)

// maxFile is beyond what people write by hand; a file of that size is made by a program.
const maxFile = 4 << 20

// unfit is why no edit is made in a file, whatever its format, or nil.
func unfit(name string, src []byte, opts Options) *Refusal {
	switch {
	case bytes.HasPrefix(src, []byte("version https://git-lfs.github.com/spec/")):
		return change.Refuse(change.NotText, "the file is a pointer of Git LFS: check it out, and change what it points to")
	case bytes.IndexByte(src, 0) >= 0 || !utf8.Valid(src):
		return change.Refuse(change.NotText, "the file is no UTF-8 text")
	case len(src) > maxFile:
		return change.Refuse(change.Generated, "the file has more than 4 MiB: change what makes it")
	case generatedName(name):
		return change.Refuse(change.Generated, "%s is written by a program: change what it is made of", path.Base(name))
	case generatedMark.Match(head(src)):
		return change.Refuse(change.Generated, "the file says that it is generated: change what it is made of")
	case !opts.Tests && testFile(name):
		return change.Refuse(change.InFixture, "the file is test code or data: put a made-up value there, or ask for tests to be rewritten too")
	}
	return nil
}

// generatedMark is Go's form (go.dev/s/generatedcode), and the word that
// Meta's tools and protoc's write.
var generatedMark = regexp.MustCompile(`(?m)^\W{0,4} ?(?:Code generated .* DO NOT EDIT|(?:This (?:file|code) (?:is|was) )?[Aa]uto-?generated (?:by|from|file))|@generated\b`)

func head(src []byte) []byte { return src[:min(len(src), 2048)] }

var generatedNames = map[string]bool{
	"package-lock.json": true, "npm-shrinkwrap.json": true, "yarn.lock": true, "pnpm-lock.yaml": true, "composer.lock": true,
	"go.sum": true, "cargo.lock": true, "poetry.lock": true, "pipfile.lock": true, "gemfile.lock": true, "uv.lock": true,
}

func generatedName(name string) bool {
	base := strings.ToLower(path.Base(name))
	for _, end := range []string{".min.js", ".min.css", ".map", ".tfstate", ".tfstate.backup", ".tfplan"} {
		if strings.HasSuffix(base, end) {
			return true
		}
	}
	return generatedNames[base]
}

var (
	testFolder = regexp.MustCompile(`(?i)(^|/)(tests?|testdata|__tests__|__mocks__|fixtures?|spec|e2e|cypress)/`)
	testName   = regexp.MustCompile(`(?i)(_test\.go|_test\.py|(^|/)test_[^/]*\.py|\.(test|spec)\.[cm]?[jt]sx?|(Test|Tests|IT)\.java|conftest\.py)$`)
)

func testFile(name string) bool { return testFolder.MatchString(name) || testName.MatchString(name) }

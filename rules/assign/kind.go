package assign

import "strings"

// kind is what sort of text a file holds, by its path. It decides what a bare
// word is: a value in a configuration, an expression in a program.
type kind byte

const (
	unknown kind = iota // no path, or no known ending
	config
	shell
	jsonText
	markup
	docs
	code
	query
	log
	off // nothing in here is an assignment that somebody wrote
	numKinds
)

// kinds maps a file's ending to its kind.
var kinds = func() map[string]kind {
	m := map[string]kind{}
	for k, endings := range map[kind]string{
		config:   "yml yaml toml ini properties conf cfg cnf env rsp tf tfvars hcl example sample dist template tpl tmpl j2 prefs repo service netrc npmrc pypirc pgpass my nix desktop local default defaults dev prod test staging bak old orig credentials trc ldif reg",
		shell:    "sh bash zsh fish ps1 psm1 bat cmd mk dockerfile command envrc profile",
		jsonText: "json jsonc json5 tfstate webmanifest har ipynb postman_collection jsonl ndjson",
		markup:   "xml html htm xhtml plist config csproj props targets resx xsd wsdl xaml axaml pom storyboard jsp aspx cshtml vue svelte hbs handlebars ejs njk",
		docs:     "md mdx markdown rst txt adoc asciidoc org tex rdoc pod",
		code: "go py pyi pyx pxd rb erb rake js jsx mjs cjs ts tsx mts cts java kt kts scala groovy gradle cs fs vb php phtml phpt c h cc cpp cxx hpp hh m mm swift rs ex exs erl hrl hs lhs ml mli clj cljs cljc coffee dart lua pl pm r jl nim zig v d " +
			"proto thrift sol cr elm purs tcl awk vim el lisp asm s bats snap ino pas cu cl glsl gemspec podspec cmake ipp inl tcc dts dtsi jsonnet libsonnet",
		query: "sql graphql gql pgsql cql prql ddl dml",
		log:   "log out trace",
		off:   "lock sum po pot svg map css scss less sass ttf woff woff2 eot pdf png jpg gif mo snapshot patch adml admx",
	} {
		for _, e := range strings.Fields(endings) {
			m[e] = k
		}
	}
	return m
}()

// kindOfPath looks at a path's last element only.
func kindOfPath(path string) kind {
	base := path[strings.LastIndexByte(path, '/')+1:]
	if offByName(base) || translation(path, base) {
		return off
	}
	base = strings.TrimSuffix(base, ".gz") // manuals and changelogs are kept so
	if k := kindOfName(base); k != unknown {
		return k
	}
	for end := len(base); ; { // .env.local, application.yml.example, values.yaml.gotmpl
		dot := strings.LastIndexByte(base[:end], '.')
		if dot < 0 {
			return unknown
		}
		ending := base[dot+1 : end]
		if len(ending) > 0 && ending[0] >= '1' && ending[0] <= '8' && strings.Trim(ending[1:], "abcdefghijklmnopqrstuvwxyz") == "" {
			return docs // a manual's page, by its section: 8, 3ssl
		}
		if k, ok := kinds[ending]; ok {
			return k
		}
		if k, ok := kinds[strings.ToLower(ending)]; ok {
			return k
		}
		end = dot
	}
}

// kindOfName knows files that have a name for an ending.
func kindOfName(base string) kind {
	switch {
	case strings.HasPrefix(base, ".env") || base == "credentials" || base == "config":
		return config
	case strings.HasPrefix(base, "Dockerfile") || strings.HasPrefix(base, "Containerfile") || base == "Makefile" || base == ".bashrc" || base == ".zshrc" || base == ".profile" || base == ".bash_history":
		return shell
	case strings.EqualFold(base, "changelog") || strings.HasPrefix(base, "changelog.Debian") || base == "NEWS" || base == "copyright":
		return off // GNU's and Debian's, which tell of names: * src/passwd.c: …
	case strings.HasPrefix(base, "README") && !strings.Contains(base, "."):
		return docs
	case base == "Jenkinsfile" || base == "Rakefile" || base == "Gemfile" || base == "Podfile" || base == "Vagrantfile" || base == "CMakeLists.txt":
		return code
	}
	return unknown
}

// offByName knows lock files, bundles and the like.
func offByName(base string) bool {
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "composer.lock", "packages.lock.json", "project.assets.json", "flake.lock", "MANIFEST.MF", "RECORD":
		return true
	}
	return strings.Contains(base, ".min.") || strings.HasSuffix(base, ".bundle.js") || strings.HasSuffix(base, ".chunk.js") || strings.HasSuffix(base, ".d.ts")
}

// translation tells whether a file holds what programs say to people, by the
// folders and names that are usual for that: password = "Password".
func translation(path, base string) bool {
	if strings.HasPrefix(base, "messages") && strings.HasSuffix(base, ".properties") {
		return true
	}
	if stem, ok := strings.CutSuffix(base, ".java"); ok || strings.HasSuffix(base, ".properties") {
		stem, _ = strings.CutSuffix(stem, ".properties")
		if i := strings.IndexByte(stem, '_'); i > 0 && inLanguage(stem[i+1:]) { // Resources_pt_BR.java
			return true
		}
	}
	for _, dir := range []string{"i18n/", "l10n/", "locale/", "locales/", "translations/", "lang/", "langs/", "language/", "languages/", "lintian/"} {
		if i := strings.Index(path, dir); i == 0 || i > 0 && path[i-1] == '/' {
			return true
		}
	}
	return false
}

// inLanguage tells whether a file's name ends in a language, or one of a country.
func inLanguage(s string) bool {
	lang, country, more := strings.Cut(s, "_")
	return len(lang) == 2 && strings.Contains(languages, lang+" ") && (!more || len(country) == 2 && country == strings.ToUpper(country))
}

// languages are those of ISO 639-1 that software is translated into most.
const languages = "ar bg ca cs da de el es et fi fr he hr hu it ja ko lt lv nl nb no pl pt ro ru sk sl sr sv th tr uk vi zh "

// testPath tells whether a path is a test's, an example's or a fixture's: one of
// its words begins so, as in src/test/x, FooTest.java, .env.example, not in latest/x.
func testPath(path string) bool {
	p := []byte(path)
	for i := range p {
		if (i == 0 || !isLetter(p[i-1]) || isUpper(p[i])) && testPaths.starts(p[i:]) {
			return true
		}
	}
	return false
}

var testPaths = vocabularyOf("test", "spec.", "spec/", "spec_", "specs/", "mock", "fixture", "example", "sample", "demo", "e2e", "stub", "fake")

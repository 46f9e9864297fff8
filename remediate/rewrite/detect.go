package rewrite

import (
	"path"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"github.com/oakum-sec/oakum/remediate/rewrite/code"
	"github.com/oakum-sec/oakum/remediate/rewrite/dockerfile"
	"github.com/oakum-sec/oakum/remediate/rewrite/leaf"
	"github.com/oakum-sec/oakum/remediate/rewrite/platform"
	"github.com/oakum-sec/oakum/remediate/rewrite/terraform"
)

// detect finds a file's format by its name, and by its content where one name
// stands for several.
func detect(name string, src []byte, opts Options) format {
	base, ext := strings.ToLower(path.Base(name)), strings.ToLower(path.Ext(name))
	if p := platform.Detect(name, src); p != nil {
		return format{name: p.Name, one: p.One(opts.Options), after: p.After(opts.Options), check: p.Check}
	}
	switch {
	case base == ".env" || strings.HasPrefix(base, ".env.") || base == ".envrc" || ext == ".env":
		return data(leaf.Dotenv(), change.Reference)
	case base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || ext == ".dockerfile" || ext == ".containerfile":
		return format{name: "dockerfile", one: dockerfile.Edit, check: dockerfile.Check}
	case ext == ".toml" || base == "pipfile":
		return data(leaf.TOML(), change.Reference)
	case ext == ".tf" || ext == ".tfvars":
		return format{name: "terraform", one: terraform.Edit(ext == ".tfvars"), check: terraform.Check}
	case base == ".npmrc" || base == ".yarnrc":
		return data(leaf.NPMRC(), change.Environment) // npm expands ${NAME} by itself
	case ext == ".properties":
		return data(leaf.Properties(), change.Reference)
	case iniFile(strings.ToLower(name)):
		return data(leaf.INI(), change.Reference)
	case ext == ".json" || ext == ".jsonc" || ext == ".code-workspace":
		return data(leaf.JSON(), change.Reference)
	case ext == ".yaml" || ext == ".yml":
		return data(leaf.YAML(), change.Reference)
	}
	if name, one, check, ok := code.Edit(ext); ok {
		return format{name: name, one: one, check: check}
	}
	return unknown(ext)
}

// iniFile tells the files in INI's manner by their names.
func iniFile(name string) bool {
	switch base := path.Base(name); base {
	case ".pypirc", ".gitconfig", ".my.cnf", "pip.conf", ".boto", ".s3cfg", "setup.cfg", ".hgrc":
		return true
	case "credentials", "config":
		return path.Base(path.Dir(name)) == ".aws"
	}
	switch path.Ext(name) {
	case ".ini", ".cfg", ".cnf", ".service":
		return true
	}
	return false
}

// unknown is a file that nothing here reads: the edit is printed.
func unknown(ext string) format {
	return format{
		name: "text",
		one: func(_ []byte, e Edit) (change.Change, *Refusal) {
			no := change.Refuse(change.SuggestOnly, "there is no reader for this kind of file here: make the change by hand")
			no.Suggest = suggestion(ext, e)
			return change.Change{}, no
		},
		check: func([]byte, []byte, change.Change) error { return nil },
	}
}

// suggestions are how languages read an environment variable, by their documentation.
var suggestions = map[string]string{
	".rb": `ENV.fetch("NAME")`, ".php": `getenv('NAME')`, ".cs": `Environment.GetEnvironmentVariable("NAME")`, ".vb": `Environment.GetEnvironmentVariable("NAME")`,
	".fs": `Environment.GetEnvironmentVariable "NAME"`, ".rs": `std::env::var("NAME")`, ".kt": `System.getenv("NAME")`, ".kts": `System.getenv("NAME")`,
	".scala": `sys.env("NAME")`, ".groovy": `System.getenv("NAME")`, ".gradle": `System.getenv("NAME")`, ".swift": `ProcessInfo.processInfo.environment["NAME"]`,
	".pl": `$ENV{NAME}`, ".pm": `$ENV{NAME}`, ".lua": `os.getenv("NAME")`, ".ps1": `$env:NAME`, ".psm1": `$env:NAME`, ".sh": `"$NAME"`, ".bash": `"$NAME"`, ".zsh": `"$NAME"`,
	".bat": `%NAME%`, ".cmd": `%NAME%`, ".c": `getenv("NAME")`, ".cc": `std::getenv("NAME")`, ".cpp": `std::getenv("NAME")`, ".ex": `System.fetch_env!("NAME")`, ".exs": `System.fetch_env!("NAME")`,
	".clj": `(System/getenv "NAME")`, ".dart": `Platform.environment['NAME']`, ".r": `Sys.getenv("NAME")`, ".jl": `ENV["NAME"]`, ".erl": `os:getenv("NAME")`, ".hs": `getEnv "NAME"`,
}

func suggestion(ext string, e Edit) string {
	if text, ok := suggestions[ext]; ok {
		return strings.ReplaceAll(text, "NAME", e.Name)
	}
	return e.Ref.String()
}

package imagesource

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// parseConfig reads an image's configuration
// (https://github.com/opencontainers/image-spec/blob/main/config.md). It is never nil.
func parseConfig(text []byte) (*v1.ConfigFile, error) {
	conf := &v1.ConfigFile{}
	if text == nil {
		return conf, nil
	}
	if err := json.Unmarshal(text, conf); err != nil {
		return &v1.ConfigFile{}, fmt.Errorf("read the image's configuration: %w", err)
	}
	return conf, nil
}

// field is one setting of an image: what it is called in the configuration, and a
// line that says it the way its author did, so that a name stands beside its value.
type field struct{ name, text string }

// settings is a text of all that an image says beside its files. Its fields stand
// side by side: an access key's id is in one variable, its secret in the next.
func settings(img *image, conf *v1.ConfigFile) scanner.Blob {
	var text scanner.Joined
	for _, f := range fieldsOf(img, conf) {
		text.Add(scanner.Part{Place: leak.ImageConfig{Image: img.name, Field: f.name}}, "", f.text)
	}
	return text.Blob(leak.ImageConfig{Image: img.name, Field: "config"})
}

func fieldsOf(img *image, conf *v1.ConfigFile) (fields []field) {
	add := func(name, text string) {
		if text != "" {
			fields = append(fields, field{name, text})
		}
	}
	for i, v := range conf.Config.Env {
		add(fmt.Sprintf("config.Env[%d]", i), v)
	}
	for _, k := range slices.Sorted(maps.Keys(conf.Config.Labels)) {
		add(fmt.Sprintf("config.Labels[%q]", k), k+"="+conf.Config.Labels[k])
	}
	add("config.Entrypoint", words(conf.Config.Entrypoint))
	add("config.Cmd", words(conf.Config.Cmd))
	add("config.Shell", words(conf.Config.Shell))
	if h := conf.Config.Healthcheck; h != nil {
		add("config.Healthcheck.Test", words(h.Test))
	}
	for i, b := range conf.Config.OnBuild {
		add(fmt.Sprintf("config.OnBuild[%d]", i), b)
	}
	for i, h := range conf.History {
		add(fmt.Sprintf("history[%d].created_by", i), h.CreatedBy)
		add(fmt.Sprintf("history[%d].comment", i), h.Comment)
	}
	for _, k := range slices.Sorted(maps.Keys(img.labels)) {
		add(fmt.Sprintf("annotations[%q]", k), k+"="+img.labels[k])
	}
	fields = leaves(fields, "", img.config, settled)
	return leaves(fields, "manifest", img.manifest, plain)
}

// words is a command as one types it.
func words(args []string) string {
	var out []string
	for _, a := range args {
		if strings.ContainsAny(a, " \t'\"") && !strings.Contains(a, "'") {
			a = "'" + a + "'"
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}

// steps are the instructions that made the layers, from the bottom.
func steps(conf *v1.ConfigFile) (made []string) {
	for _, h := range conf.History {
		if !h.EmptyLayer {
			made = append(made, instruction(h.CreatedBy))
		}
	}
	return made
}

// instruction is a step as the Dockerfile has it: without what docker's builder
// puts before it ("/bin/sh -c #(nop) ", "|1 TOKEN=… /bin/sh -c ") and buildkit behind
// it. What a build argument's value is, is not repeated.
func instruction(by string) string {
	by = strings.TrimSuffix(strings.TrimSpace(by), " # buildkit")
	if rest, ok := strings.CutPrefix(by, "/bin/sh -c #(nop)"); ok {
		return strings.TrimSpace(rest)
	}
	if strings.HasPrefix(by, "|") {
		if _, run, ok := strings.Cut(by, "/bin/sh -c "); ok {
			by = "/bin/sh -c " + run
		}
	}
	if rest, ok := strings.CutPrefix(by, "/bin/sh -c "); ok {
		return "RUN " + rest
	}
	return by
}

package setup

import (
	"embed"
	"fmt"
	"strings"
)

// steps are the pipelines that docs/ci.md shows, with VERSION where oakum's goes.
//
//go:embed steps
var steps embed.FS

// StepText is the step of a platform, for an oakum of that version, as Go names it.
func StepText(platform, version string) ([]byte, error) {
	ext := ".yml"
	if platform == "jenkins" {
		ext = ".groovy"
	}
	text, err := steps.ReadFile("steps/" + platform + ext)
	if err != nil {
		return nil, fmt.Errorf("there is no step for %s: %w", platform, err)
	}
	if !strings.HasPrefix(version, "v") {
		version = "latest"
	}
	return []byte(strings.ReplaceAll(string(text), "VERSION", version)), nil
}

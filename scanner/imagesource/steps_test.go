package imagesource_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// An image that the whole repository was copied into ships its pipelines too.
func TestStepsInImages(t *testing.T) {
	workflow := leaktest.Must(1, "jobs:\n  deploy:\n    steps:\n    - name: Upload\n      env:\n        API_TOKEN: {{alnum 32}}\n        AWS_SECRET_ACCESS_KEY: ${{`{{`}} secrets.AWS }}\n")
	files := gzipped(tarOf("app/.github/workflows/deploy.yml", workflow))
	img := must(mutate.AppendLayers(empty.Image, must(tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }))))
	src := imagesource.New([]string{push(t, "app:v1", img)}, imagesource.Options{})
	var told []string
	if _, err := scanner.New(builtin.Set(), scanner.Options{}).Scan(t.Context(), src, func(e scanner.Event) error {
		if e.Finding != nil {
			told = append(told, fmt.Sprint(e.Finding.Rule, " ", e.Finding.Step))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"generic-secret job deploy, step 1 “Upload”, variable API_TOKEN", "static-identity job deploy, step 1 “Upload”, variable AWS_SECRET_ACCESS_KEY"}
	if !slices.Equal(told, want) {
		t.Errorf("%q", told)
	}
}

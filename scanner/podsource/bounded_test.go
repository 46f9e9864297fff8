package podsource_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/podsource"
)

// read scans one object's texts.
func read(t *testing.T, reader *podsource.Reader, text string, bounds podsource.Limits) (found []*leak.Finding, err error) {
	t.Helper()
	one := scanner.New(builtin.Set(), scanner.Options{}).Single()
	err = reader.JSON([]byte(text), bounds, func(b scanner.Blob, err error) bool {
		if err == nil {
			err = one.Scan(t.Context(), b, func(e scanner.Event) error {
				found = append(found, e.Finding)
				return nil
			})
		}
		if err != nil {
			t.Error(err)
		}
		return true
	})
	return found, err
}

// JSON yields what Object yields, within limits; what is no JSON is not tried as YAML.
func TestJSONWithinLimits(t *testing.T) {
	text := leaktest.Must(1, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"env":[{"name":"AWS_ACCESS_KEY_ID","value":"{{awsID "AKIA"}}"},{"name":"B","value":"1"}]}]}}`)
	var reader podsource.Reader
	found, err := read(t, &reader, text, podsource.Limits{})
	if want := []string{"aws-access-key-id v1/Pod a spec.containers[0].env[0].value"}; err != nil || !slices.Equal(told(found), want) {
		t.Errorf("%v %q", err, told(found))
	}
	for _, c := range []struct {
		name, text string
		values     int
		tooLarge   bool
	}{
		{"as many as may be", `[1,2,[3]]`, 5, false},
		{"one too many", `[1,2,[3]]`, 4, true},
		{"too deep", strings.Repeat("[", 300) + strings.Repeat("]", 300), 0, true},
	} {
		_, err := read(t, &reader, c.text, podsource.Limits{Values: c.values})
		if errors.Is(err, podsource.ErrTooLarge) != c.tooLarge || !c.tooLarge && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if found, err := read(t, &reader, "a: b", podsource.Limits{}); err == nil || len(found) > 0 {
		t.Errorf("YAML is read: %v", found)
	}
}

// What a controller says is left out where that is asked for, and nothing else is.
func TestAskedAlone(t *testing.T) {
	text := leaktest.Must(1, `{"status":{"a":["{{github "ghp_"}}",{"b":"}\""}],"c":1},"kind":"Pod","metadata":{"name":"a","managedFields":[{"x":"{{github "ghp_"}}"}],"status":"{{github "ghp_"}}"},`+
		`"spec":{"managedFields":"{{github "ghp_"}}","metadata":{"managedFields":["{{github "ghp_"}}"]}},"status":null}`)
	asked := []string{"github-pat Pod a metadata.status", "github-pat Pod a spec.managedFields", "github-pat Pod a spec.metadata.managedFields[0]"}
	var reader podsource.Reader
	found, err := read(t, &reader, text, podsource.Limits{Asked: true})
	if got := sorted(told(found)); err != nil || !slices.Equal(got, asked) {
		t.Errorf("%v %q", err, got)
	}
	all, err := read(t, &reader, text, podsource.Limits{})
	if got := told(all); err != nil || len(got) != len(asked)+2 {
		t.Errorf("%v %q", err, got)
	}
	for _, broken := range []string{`{"status":}`, `{"status":,"a":1}`, `{"status"`, `{"status":{"a`, `{"status":{]`, `{"status":[{}`} {
		if _, err := read(t, &reader, broken, podsource.Limits{Asked: true}); err == nil {
			t.Errorf("%s passes", broken)
		}
	}
}

// A field's name that ends like a file's is a name; an ExternalSecret's secretKey is one too.
func TestNamesThatLookLikeOthers(t *testing.T) {
	found, _ := scan(t, podsource.New(manifest("a.yaml", leaktest.Must(1, `
kind: SparkApplication
metadata: {name: s}
spec:
  hadoopConf: {fs.s3a.access.key: "{{awsID "AKIA"}}", fs.s3a.secret.key: "{{awsSecret}}"}
---
kind: ExternalSecret
metadata: {name: e}
spec:
  data:
  - {secretKey: password, remoteRef: {key: db, property: password}}
---
kind: Other
metadata: {name: o}
spec: {secretKey: "{{alnum 32}}"}
`))))
	want := []string{`aws-access-key-id a.yaml: SparkApplication s spec.hadoopConf["fs.s3a.access.key"]`, `generic-secret a.yaml: Other o spec.secretKey`}
	if !slices.Equal(told(found), want) || len(found[0].Parts) != 1 {
		t.Errorf("%q", told(found))
	}
	part, _ := found[0].Parts[0].Place.(leak.ObjectField)
	if part.Field != `spec.hadoopConf["fs.s3a.secret.key"]` {
		t.Errorf("the secret key is at %v", part)
	}
}

// A Single tells what a scan tells, text after text.
func TestSingle(t *testing.T) {
	s := scanner.New(builtin.Set(), scanner.Options{})
	one := s.Single()
	src := podsource.New(manifest("pods.yaml", leaktest.Must(1, pod)))
	for range 2 {
		var found []*leak.Finding
		for b, err := range src.Blobs(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if err := one.Scan(t.Context(), b, func(e scanner.Event) error {
				found = append(found, e.Finding)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		if got := told(found); !slices.Equal(sorted(got), sorted(podWants)) {
			t.Errorf("%q", got)
		}
	}
	stopped := errors.New("enough")
	for b := range src.Blobs(t.Context()) {
		if err := one.Scan(t.Context(), b, func(scanner.Event) error { return stopped }); !errors.Is(err, stopped) {
			t.Errorf("the sink's error is lost: %v", err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := one.Scan(ctx, scanner.Blob{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended: %v", err)
	}
}

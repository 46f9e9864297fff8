package admit_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// scanned are images by their name.
type scanned map[string][]admit.ImageFinding

func (s scanned) Image(name string) ([]admit.ImageFinding, bool) {
	found, known := s[name]
	return found, known
}

// A pod whose image is known to hold a key is refused; one whose image was there before, a
// copy of a controller's and one of which nothing is known are not; the last one waits
// where that is asked for.
func TestImages(t *testing.T) {
	const bad, good, new = "example.com/bad@sha256:00", "example.com/good:1", "example.com/new:1"
	images := scanned{good: nil, bad: {{
		Known: admit.Known{Rule: "aws-access-key-id", Fingerprint: "v1:0001", Name: "AWS_ACCESS_KEY_ID", Proof: leak.Structural, Severity: leak.Critical, Confidence: 1, Parts: 1},
		Place: leak.ImageConfig{Image: bad, Field: "config.Env[3]"},
	}}}
	lax := admitter(t, func(o *admit.Options) { o.Images = images })
	strict := admitter(t, func(o *admit.Options) { o.Images, o.UnknownImages = images, admit.UnknownDeny })
	pod := func(image string) string {
		return `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"app","namespace":"shop"},"spec":{"containers":[{"name":"c","image":"` + image + `"}]}}`
	}
	for _, c := range []struct{ name, new, old, lax, strict string }{
		{"a bad image", pod(bad), "", "deny", "deny"},
		{"a good one", pod(good), "", "allow", "allow"},
		{"one that nobody scanned", pod(new), "", "allow", "deny"},
		{"a bad one that was there", pod(bad), strings.Replace(pod(bad), "app", "other", 1), "warn", "warn"},
		{"a bad one in a template", template(`{"containers":[{"image":"` + bad + `"}]}`), "", "deny", "deny"},
		{"an unknown one in a template", template(`{"containers":[{"image":"` + new + `"}]}`), "", "allow", "allow"},
	} {
		operation := "CREATE"
		if c.old != "" {
			operation = "UPDATE"
		}
		body := review(operation, c.new, c.old)
		if strings.Contains(c.name, "template") {
			body = bytes.Replace(body, []byte(`"group":"","version":"v1","kind":"Pod"`), []byte(`"group":"apps","version":"v1","kind":"Deployment"`), 1)
		}
		if r, answer := ask(t, lax, body); answer.Decision != c.lax {
			t.Errorf("%s: %s, not %s: %+v", c.name, answer.Decision, c.lax, r)
		}
		if r, answer := ask(t, strict, body); answer.Decision != c.strict {
			t.Errorf("%s, strict: %s, not %s: %+v", c.name, answer.Decision, c.strict, r)
		}
	}
	r, _ := ask(t, lax, review("CREATE", pod(bad), ""))
	for _, want := range []string{"spec.containers[0].image", "config.Env[3]", bad} {
		if !strings.Contains(r.Result.Message, want) {
			t.Errorf("no %q in\n%s", want, r.Result.Message)
		}
	}
}

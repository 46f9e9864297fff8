package tlskey

import (
	"errors"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/remediate/rotate"
)

func TestRefuse(t *testing.T) {
	r, ok := errors.AsType[*rotate.Refusal](Refuse())
	if !ok {
		t.Fatal("it is no refusal")
	}
	for _, want := range []string{"rotationPolicy: Always", "--new-key", "keyCompromise"} {
		if !strings.Contains(r.Instead, want) {
			t.Errorf("it does not say %q: %s", want, r.Instead)
		}
	}
}

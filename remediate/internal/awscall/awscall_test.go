package awscall

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/oakum-sec/oakum/remediate/store"
)

// asked is what a call comes to that a handler answers.
func asked(t *testing.T, handle http.HandlerFunc) error {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	_, err := sm.NewFromConfig(asking(s.URL)).DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: aws.String("db")})
	return Failed(err)
}

// An answer that breaks off says nothing of what was done, whatever its status.
func TestTorn(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound} {
		err := asked(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(status)
			io.WriteString(w, `{"__type": "Resou`)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		if got := store.CodeOf(err); got != store.Unavailable {
			t.Errorf("%d: %s: %v", status, got, err)
		}
	}
}

// What answers in AWS's place, a proxy's page, is judged by its status.
func TestNotAWS(t *testing.T) {
	for status, want := range map[int]store.Code{
		http.StatusOK: store.Unavailable, http.StatusForbidden: store.PermissionDenied, http.StatusTooManyRequests: store.Throttled,
		http.StatusBadGateway: store.Unavailable, http.StatusNotFound: store.Unknown,
	} {
		err := asked(t, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "<html>sign in first</html>")
		})
		if got := store.CodeOf(err); got != want {
			t.Errorf("%d: %s, expected %s: %v", status, got, want, err)
		}
	}
}

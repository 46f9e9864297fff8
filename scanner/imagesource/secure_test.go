package imagesource

import (
	"net/http"
	"strings"
	"testing"
)

// asked answers every request that comes through.
type asked struct{}

func (asked) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK}, nil
}

// Only a registry on this machine is asked without TLS.
func TestNoRegistryIsAskedInClear(t *testing.T) {
	for url, ok := range map[string]bool{
		"https://registry.example/v2/": true, "http://registry.example/v2/": false, "http://10.0.0.1:5000/v2/": false,
		"http://127.0.0.1:5000/v2/": true, "http://[::1]:5000/v2/": true, "http://localhost:5000/v2/": true, "http://localhost.example/v2/": false,
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = secure{asked{}}.RoundTrip(req)
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "speaks no TLS") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

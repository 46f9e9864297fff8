package awscall

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/uuid"
)

// late is a server that answers in two parts, the second a while after the first.
func late(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		http.NewResponseController(w).Flush()
		time.Sleep(2 * time.Millisecond)
		io.WriteString(w, `{"Name": "db"}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func asking(url string) aws.Config {
	return aws.Config{Region: "eu-west-1", BaseEndpoint: &url, RetryMaxAttempts: 1, HTTPClient: Whole(nil),
		Credentials: credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: "id", SecretAccessKey: uuid.NewString()}}}
}

// TestWhole has answers arrive while the transport still looks at the request's body:
// each is read to its end.
func TestWhole(t *testing.T) {
	api := sm.NewFromConfig(asking(late(t)))
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 40 {
				if _, err := api.DescribeSecret(context.Background(), &sm.DescribeSecretInput{SecretId: aws.String("db")}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// bodies notes what net/http would be given.
type bodies struct{ last io.ReadCloser }

func (b *bodies) Do(r *http.Request) (*http.Response, error) {
	b.last = r.Body
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`))}, nil
}

// After the SDK closed it, a request's body is at its end, however it is read.
func TestClosedBodyIsAtItsEnd(t *testing.T) {
	var seen bodies
	c := asking("http://127.0.0.1")
	c.HTTPClient = Whole(&seen)
	if _, err := sm.NewFromConfig(c).DescribeSecret(t.Context(), &sm.DescribeSecretInput{SecretId: aws.String("db")}); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, seen.last); n != 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

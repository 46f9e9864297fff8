package awscall

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// Whole is next, nil being the SDK's own, without what ends answers early.
//
// The SDK closes a request's body as soon as the head of the answer is there. net/http
// may be about to look whether that body has more than it said, which it does by
// io.Copy, and smithy-go's closed body answers WriteTo, other than Read, by io.EOF: for
// net/http the request failed then, and it closes the connection while the answer is
// being read ("use of closed network connection", aws/aws-sdk-go-v2#2737). A body that
// has no WriteTo is read.
func Whole(next aws.HTTPClient) aws.HTTPClient {
	if next == nil {
		next = awshttp.NewBuildableClient()
	}
	return whole{next}
}

type whole struct{ next aws.HTTPClient }

func (w whole) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		plain := *r
		plain.Body = struct{ io.ReadCloser }{r.Body}
		r = &plain
	}
	return w.next.Do(r)
}

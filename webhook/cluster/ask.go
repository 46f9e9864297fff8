package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// statusError is an answer that is no success: a metav1.Status, as far as it matters
// here (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/).
type statusError struct {
	Code     int    `json:"code"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
	Metadata struct {
		Continue string `json:"continue"` // in the place of one that is too old
	} `json:"metadata"`
}

func (e *statusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("the API server answers %d %s", e.Code, http.StatusText(e.Code))
	}
	return fmt.Sprintf("the API server answers %d: %s", e.Code, e.Message)
}

const (
	maxTries     = 6           // of one request
	maxWait      = time.Minute // for one answer; API priority and fairness says one second
	firstWait    = time.Second // doubles with each try
	maxStatus    = 1 << 20     // bytes of an error's answer that are read
	headerAccept = "application/json"
)

// get asks for a path below the server's address. The caller closes the body.
func (c *Client) get(ctx context.Context, path string, query url.Values, accept string) (io.ReadCloser, error) {
	u := *c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	pause := firstWait
	for try := 1; ; try++ {
		body, after, err := c.once(ctx, u.String(), accept)
		if err == nil || after < 0 || try == maxTries {
			return body, err
		}
		if after == 0 {
			after, pause = pause, 2*pause
		}
		if err := c.opt.Wait(ctx, min(after, maxWait), "the API server asks for patience"); err != nil {
			return nil, err
		}
	}
}

// once is one try. after is when to try again: negative is never, 0 is not said.
func (c *Client) once(ctx context.Context, address, accept string) (body io.ReadCloser, after time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, -1, err
	}
	r.Header.Set("Accept", accept)
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, -1, fmt.Errorf("ask the API server: %w", err)
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, 0, nil
	}
	defer resp.Body.Close()
	status := &statusError{}
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxStatus)) // what is there says enough
	json.Unmarshal(text, status)                                // likewise
	status.Code = resp.StatusCode
	return nil, again(resp), status
}

// again is when a request that was refused may be sent again: a busy server says so
// (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/).
func again(resp *http.Response) time.Duration {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusGatewayTimeout:
	default:
		return -1
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return 0
}

package server

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/iotest"
)

// scripted is a connection that has something to read.
type scripted struct {
	net.Conn
	io.Reader
}

func (s *scripted) Read(p []byte) (int, error) { return s.Reader.Read(p) }

// Whatever comes, and however it comes, it is handed on, and never more than a record of it.
func TestRecordsLoseNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	p := make([]byte, 40_000)
	for range 40 {
		var text []byte
		var ends []int
		for range 1 + r.IntN(5) {
			size := []int{0, 1, 5, 300, 1664}[r.IntN(5)]
			text = append(text, 23, 3, 3, byte(size>>8), byte(size))
			text = append(text, make([]byte, size)...)
			ends = append(ends, len(text))
		}
		whole := len(text)
		text = text[:whole-r.IntN(4)] // it may end anywhere
		for _, from := range []io.Reader{bytes.NewReader(text), iotest.OneByteReader(bytes.NewReader(text)), iotest.DataErrReader(bytes.NewReader(text))} {
			c := &recordConn{Conn: &scripted{Reader: from}}
			var got []byte
			for {
				n, err := c.Read(p[:1+r.IntN(len(p))])
				if slices.ContainsFunc(ends, func(end int) bool { return len(got) < end && len(got)+n > end }) {
					t.Fatalf("one read crosses the end of a record")
				}
				if got = append(got, p[:n]...); err != nil {
					break
				}
			}
			if !bytes.Equal(got, text) {
				t.Fatalf("%d bytes of %d", len(got), len(text))
			}
		}
	}
}

// TLS is none the wiser, in either version of HTTP.
func TestRecordsOfTLS(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Write(body)
		}))
		server.Listener, server.EnableHTTP2 = records{server.Listener}, http2
		server.StartTLS()
		defer server.Close()
		for _, size := range []int{0, 100, 16_384, 1_000_000} {
			sent := bytes.Repeat([]byte("0123456789abcde\n"), size/16)
			answer, err := server.Client().Post(server.URL, "text/plain", bytes.NewReader(sent))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(answer.Body)
			answer.Body.Close()
			if err != nil || !bytes.Equal(got, sent) || http2 != (answer.ProtoMajor == 2) {
				t.Errorf("%s: %d bytes of %d, %v", answer.Proto, len(got), len(sent), err)
			}
		}
	}
}

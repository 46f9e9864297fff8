package imagesource

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// defaultSocket is where docker's daemon listens.
const defaultSocket = "/var/run/docker.sock"

// daemon asks a docker daemon over its socket for what docker save writes
// (https://docs.docker.com/reference/api/engine/, "ImageGet"). The daemon writes it
// anew for each layer that is read.
func (s *Source) daemon(ctx context.Context, name string) ([]*image, []*leak.Gap, error) {
	socket := s.opt.Socket
	if host := os.Getenv("DOCKER_HOST"); socket == "" && host != "" {
		path, ok := strings.CutPrefix(host, "unix://")
		if !ok {
			return nil, nil, fmt.Errorf("DOCKER_HOST is %q: only a unix:// socket is asked", host)
		}
		socket = path
	}
	if socket == "" {
		socket = defaultSocket
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	st, err := openTar(ctx, "daemon "+name, func(ctx context.Context) (io.ReadCloser, error) { return saved(ctx, client, name) })
	if err != nil {
		return nil, nil, fmt.Errorf("ask the daemon at %s: %w", socket, err)
	}
	st.served = true
	return s.images(st, name, "")
}

func saved(ctx context.Context, client *http.Client, name string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/images/"+url.PathEscape(name)+"/get", nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10)) // what of it comes is shown
		resp.Body.Close()
		return nil, fmt.Errorf("image %s: %s %s", name, resp.Status, strings.TrimSpace(string(said)))
	}
	return resp.Body, nil
}

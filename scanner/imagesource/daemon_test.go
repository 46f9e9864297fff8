package imagesource_test

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/rules/builtin"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// daemon listens as docker's does and gives a file to who asks for an image by the name
// of shop/app:v1 (https://docs.docker.com/reference/api/engine/, "ImageGet").
func daemon(t *testing.T, file string) (socket string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("docker listens on a pipe there, which is not asked")
	}
	dir, err := os.MkdirTemp("", "oakum") // a socket's path has 108 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "docker.sock")
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/images/shop/app:v1/get" {
			http.Error(w, `{"message":"No such image"}`, http.StatusNotFound)
			return
		}
		http.ServeFile(w, r, file)
	}))
	s.Listener.Close()
	s.Listener = must(net.Listen("unix", socket))
	s.Start()
	t.Cleanup(s.Close)
	return socket
}

// What a daemon saves is what an archive has.
func TestDaemon(t *testing.T) {
	file := strings.TrimPrefix(forms(t, build())["docker-archive"], "docker-archive:")
	o := imagesource.Options{Socket: daemon(t, file)}
	want := scan(t, imagesource.New([]string{"docker-archive:" + file}, imagesource.Options{}))
	got := scan(t, imagesource.New([]string{"daemon:shop/app:v1"}, o))
	if len(want.at) < 10 || !slices.Equal(got.at, want.at) || !maps.Equal(got.fate, want.fate) || len(got.gaps) > 0 {
		t.Errorf("found at %q, not at %q; gaps %v", got.at, want.at, got.gaps)
	}
	if got := scan(t, imagesource.New([]string{"daemon:none"}, o)); len(got.gaps) != 1 || !strings.Contains(got.gaps[0].Why.Error(), "404") {
		t.Errorf("gaps %v", got.gaps)
	}
	sourcetest.Run(t, builtin.Set(), 4, func(*testing.T) scanner.Source { return imagesource.New([]string{"daemon:shop/app:v1"}, o) })
}

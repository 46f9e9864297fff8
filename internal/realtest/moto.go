package realtest

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

//go:embed lock/moto.txt
var motoLock string

//go:embed serve/moto.py
var motoServer string

// moto is AWS's APIs in one server, by people who are not AWS. It takes any access
// key unless told otherwise, and its refusals are not shaped as AWS's are. Its program is
// the Python that has it.
func moto() Part { return python("moto", "python3", motoLock) }

// StartMoto runs moto until the test ends, and returns its address, as
// AWS_ENDPOINT_URL has it. env is added to its environment.
func StartMoto(t testing.TB, env ...string) string {
	t.Helper()
	cmd := exec.Command(Find(t, "moto"), "-c", motoServer)
	cmd.Env = append(cmd.Environ(), env...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	said := bufio.NewReader(out)
	port, err := said.ReadString('\n') // 3 s on a busy machine, most of it Python's imports
	if err != nil {
		cmd.Wait()
		t.Fatalf("moto ended before it listened: %v\n%s", err, log.Bytes())
	}
	go io.Copy(io.Discard, said) // else it stops when the pipe is full
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}

// answers waits until a server is there.
func answers(url string, within time.Duration) error {
	for end := time.Now().Add(within); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("it does not answer within %s: %w", within, err)
		}
	}
}

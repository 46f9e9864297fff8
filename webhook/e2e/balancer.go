package e2e

import (
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// Balancer hands connections on to replicas in turn, as a Service does: to those that it
// takes for ready. One that refuses is passed over, for kube-proxy learns of a dead pod
// late as well.
type Balancer struct {
	listener net.Listener
	lock     sync.Mutex
	replicas []string
	next     int
	open     map[net.Conn]bool
}

// NewBalancer listens on loopback.
func NewBalancer(replicas ...string) (*Balancer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	b := &Balancer{listener: l, replicas: replicas, open: map[net.Conn]bool{}}
	go b.serve()
	return b, nil
}

// Port is where it listens.
func (b *Balancer) Port() int { return b.listener.Addr().(*net.TCPAddr).Port }

// Set changes the replicas that new connections go to.
func (b *Balancer) Set(replicas ...string) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.replicas = replicas
}

// Close ends it and all connections through it.
func (b *Balancer) Close() error {
	b.Cut()
	return b.listener.Close()
}

// Cut ends all connections through it, so that whoever asks connects anew.
func (b *Balancer) Cut() {
	b.lock.Lock()
	defer b.lock.Unlock()
	for c := range b.open {
		c.Close()
	}
}

func (b *Balancer) serve() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		go b.hand(c)
	}
}

// hand joins a connection with the next replica that takes one.
func (b *Balancer) hand(c net.Conn) {
	defer c.Close()
	for _, replica := range b.turn() {
		to, err := net.DialTimeout("tcp", replica, time.Second)
		if err != nil {
			continue
		}
		b.note(c, true)
		b.note(to, true)
		go func() {
			io.Copy(to, c) // either side's end ends both
			to.Close()
		}()
		io.Copy(c, to)
		to.Close()
		b.note(c, false)
		b.note(to, false)
		return
	}
}

// turn is the replicas, from the next one on.
func (b *Balancer) turn() []string {
	b.lock.Lock()
	defer b.lock.Unlock()
	if len(b.replicas) == 0 {
		return nil
	}
	b.next = (b.next + 1) % len(b.replicas)
	return slices.Concat(b.replicas[b.next:], b.replicas[:b.next])
}

func (b *Balancer) note(c net.Conn, open bool) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if open {
		b.open[c] = true
	} else {
		delete(b.open, c)
	}
}

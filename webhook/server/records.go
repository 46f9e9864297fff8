package server

import "net"

// records is a listener whose connections give TLS one record at a time.
//
// crypto/tls takes what a connection has, and so the beginning of a next record with the end
// of the last one; its buffer, which lives as long as the connection, grows to 40 kB to hold
// both (bytes.Buffer doubles). With none of the next, 18 kB are enough: of 500 connections,
// 11 MB less. It costs a second read for each record, of some 16 kB.
type records struct{ net.Listener }

func (l records) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &recordConn{Conn: c}, nil
}

// recordConn knows where its records end (RFC 8446, 5.1: a type, a version and a length
// in five bytes). What is no TLS it cuts anywhere, and loses nothing of.
type recordConn struct {
	net.Conn
	header [5]byte
	have   int // of the header
	left   int // bytes of the record
}

func (c *recordConn) Read(p []byte) (n int, err error) {
	if c.left > 0 {
		n, err = c.Conn.Read(p[:min(len(p), c.left)])
		c.left -= n
		return n, err
	}
	n, err = c.Conn.Read(p[:min(len(p), len(c.header)-c.have)])
	if c.have += copy(c.header[c.have:], p[:n]); c.have == len(c.header) {
		c.have, c.left = 0, int(c.header[3])<<8|int(c.header[4])
	}
	return n, err
}

package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// parseFlyMacaroon reads Fly.io's tokens: macaroons in MessagePack, each in
// base64 behind a prefix, joined by commas (superfly/macaroon, macaroon.go and
// macaroon-thought.md). A macaroon is an array of nonce, location, caveats and a
// tail of 32 bytes.
func parseFlyMacaroon(value []byte) Result {
	value = bytes.TrimPrefix(value, []byte("FlyV1 "))
	token, _, _ := bytes.Cut(value, []byte(","))
	_, body, ok := bytes.Cut(token, []byte("_"))
	if !ok {
		return fails()
	}
	raw, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(body, "=")))
	if err != nil {
		return fails()
	}
	p := &msgpack{rest: raw}
	if p.array() != 4 {
		return fails()
	}
	p.skip(0) // the nonce: key id, random bytes and, in newer ones, whether it is a discharge
	location := p.bytes()
	expires := flyCaveats(p)
	if tail := p.bytes(); p.bad || len(tail) != 32 || len(p.rest) > 0 {
		return fails("cut short")
	}
	result := holds()
	if where := shown(string(location)); where != "" {
		result.Notes = append(result.Notes, "for "+where)
	}
	result.Expires = expires
	return result
}

// flyCaveats reads pairs of a type and its content, and gives the earliest end of
// those that limit the time (type 4, ValidityWindow: not before, not after).
func flyCaveats(p *msgpack) (expires time.Time) {
	const validityWindow = 4
	for n := p.array(); n > 1 && !p.bad; n -= 2 {
		if kind := p.number(); kind != validityWindow {
			p.skip(0)
			continue
		}
		if p.array() != 2 {
			p.bad = true
			return expires
		}
		p.skip(0)
		if end := time.Unix(int64(p.number()), 0).UTC(); end.Year() < 6000 && (expires.IsZero() || end.Before(expires)) {
			expires = end
		}
	}
	return expires
}

// msgpack reads the few forms of MessagePack (msgpack.org, spec.md) that tokens
// are made of. What it can't read makes it bad, and gives zeros from there on.
type msgpack struct {
	rest []byte
	bad  bool
}

// maxNested bounds how deep skip looks into arrays and maps.
const maxNested = 16

func (p *msgpack) take(n int) []byte {
	if n < 0 || n > len(p.rest) {
		p.bad, p.rest = true, nil
		return nil
	}
	taken := p.rest[:n]
	p.rest = p.rest[n:]
	return taken
}

func (p *msgpack) first() byte {
	if b := p.take(1); len(b) == 1 {
		return b[0]
	}
	return 0xc1 // which the format never uses
}

// size reads a length of n bytes.
func (p *msgpack) size(n int) int {
	var wide [8]byte
	copy(wide[8-n:], p.take(n))
	return int(min(binary.BigEndian.Uint64(wide[:]), 1<<40))
}

func (p *msgpack) array() int {
	switch c := p.first(); {
	case c&0xf0 == 0x90:
		return int(c & 15)
	case c == 0xdc:
		return p.size(2)
	}
	p.bad = true
	return 0
}

// bytes reads a string or bytes.
func (p *msgpack) bytes() []byte {
	switch c := p.first(); {
	case c&0xe0 == 0xa0:
		return p.take(int(c & 31))
	case c == 0xc4, c == 0xd9:
		return p.take(p.size(1))
	case c == 0xc5, c == 0xda:
		return p.take(p.size(2))
	}
	p.bad = true
	return nil
}

// number reads one that is not negative.
func (p *msgpack) number() int {
	switch c := p.first(); {
	case c < 0x80:
		return int(c)
	case c >= 0xcc && c <= 0xcf:
		return p.size(1 << (c - 0xcc))
	case c >= 0xd0 && c <= 0xd3:
		return p.size(1 << (c - 0xd0))
	}
	p.bad = true
	return 0
}

// skip passes over one thing, whatever it is.
func (p *msgpack) skip(depth int) {
	c := p.first()
	items := 0
	switch {
	case c < 0x80, c >= 0xe0, c == 0xc0, c == 0xc2, c == 0xc3:
	case c&0xf0 == 0x80:
		items = 2 * int(c&15)
	case c&0xf0 == 0x90:
		items = int(c & 15)
	case c&0xe0 == 0xa0:
		p.take(int(c & 31))
	case c >= 0xc4 && c <= 0xc6:
		p.take(p.size(1 << (c - 0xc4)))
	case c >= 0xcc && c <= 0xcf:
		p.take(1 << (c - 0xcc))
	case c >= 0xd0 && c <= 0xd3:
		p.take(1 << (c - 0xd0))
	case c >= 0xd9 && c <= 0xdb:
		p.take(p.size(1 << (c - 0xd9)))
	case c == 0xdc:
		items = p.size(2)
	case c == 0xde:
		items = 2 * p.size(2)
	default:
		p.bad = true
	}
	for ; items > 0 && !p.bad; items-- {
		if depth == maxNested {
			p.bad = true
			return
		}
		p.skip(depth + 1)
	}
}

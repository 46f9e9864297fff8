package proof

import (
	"bytes"
	"encoding/binary"
)

// Types of a macaroon's packets in the v2 binary format (libmacaroons,
// doc/format-v2.txt).
const (
	packetEnd        = 0
	packetLocation   = 1
	packetIdentifier = 2
	packetVID        = 4
	packetSignature  = 6
)

// parseMacaroon reads a PyPI token: "pypi-" and a v2 macaroon in base64url, made
// for the index that it names (docs.pypi.org, "API tokens").
func parseMacaroon(value []byte) Result {
	body, ok := bytes.CutPrefix(value, []byte("pypi-"))
	if !ok {
		return fails()
	}
	raw, ok := decode64(body)
	if !ok || len(raw) < 40 || raw[0] != 2 {
		return fails()
	}
	location, caveats, ok := macaroon(raw[1:])
	if !ok {
		return fails()
	}
	result := holds()
	if location != "pypi.org" {
		if location = shown(location); location == "" {
			return fails()
		}
		result.Notes = append(result.Notes, "for "+location)
	}
	if caveats > 0 {
		result.Notes = append(result.Notes, "restricted by caveats")
	}
	return result
}

// macaroon walks the packets to the end. A first section of location and
// identifier, sections of caveats, an empty section, and a signature of 32 bytes.
func macaroon(b []byte) (location string, caveats int, ok bool) {
	kind, data, b := packet(b)
	if kind == packetLocation {
		location = string(data)
		kind, _, b = packet(b)
	}
	if kind != packetIdentifier {
		return "", 0, false
	}
	if kind, _, b = packet(b); kind != packetEnd {
		return "", 0, false
	}
	for {
		kind, _, b = packet(b)
		if kind == packetEnd {
			break
		}
		caveats++
		for kind == packetLocation || kind == packetIdentifier || kind == packetVID {
			kind, _, b = packet(b)
		}
		if kind != packetEnd {
			return "", 0, false
		}
	}
	kind, data, b = packet(b)
	return location, caveats, kind == packetSignature && len(data) == 32 && len(b) == 0
}

// packet takes the next packet off b; a kind of -1 says that there is none.
func packet(b []byte) (kind int, data, rest []byte) {
	if len(b) == 0 {
		return -1, nil, nil
	}
	kind, b = int(b[0]), b[1:]
	if kind == packetEnd {
		return kind, nil, b
	}
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return -1, nil, nil
	}
	return kind, b[n : n+int(size)], b[n+int(size):]
}

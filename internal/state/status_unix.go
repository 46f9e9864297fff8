//go:build linux || darwin

package state

import (
	"encoding/binary"
	"io/fs"
	"syscall"
	"time"
)

// appendStatus appends which file it is and when its status changed, and gives the
// later of that and modified.
func appendStatus(b []byte, info fs.FileInfo, modified time.Time) ([]byte, time.Time) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return b, modified
	}
	b = appendPlace(b, info)
	changed := statusTime(st)
	b = binary.BigEndian.AppendUint64(b, uint64(changed.UnixNano()))
	if changed.After(modified) {
		return b, changed
	}
	return b, modified
}

// appendPlace appends the device and number of a file, owner and group: what is
// mounted over a folder, say, has others.
func appendPlace(b []byte, info fs.FileInfo) []byte {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return b
	}
	b = binary.BigEndian.AppendUint64(b, uint64(st.Dev))
	b = binary.BigEndian.AppendUint64(b, st.Ino)
	b = binary.BigEndian.AppendUint32(b, st.Uid)
	return binary.BigEndian.AppendUint32(b, st.Gid)
}

package filesource

import (
	"io/fs"
	"os"
	"syscall"
)

// Magic numbers of file systems that hold no files of anybody's: reading them
// gives endless or blocking text (include/uapi/linux/magic.h).
var kernelMagic = map[int64]bool{
	0x9fa0:     true, // proc
	0x62656572: true, // sysfs
	0x1cd1:     true, // devpts
	0x27e0eb:   true, // cgroup
	0x63677270: true, // cgroup2
	0x64626720: true, // debugfs
	0x74726163: true, // tracefs
	0x73636673: true, // securityfs
	0xcafe4a11: true, // bpf
	0x6165676c: true, // pstore
	0x19800202: true, // mqueue
	0x42494e4d: true, // binfmt_misc
}

// kernelFS tells whether the folder that root is at is such a mount. It asks only
// where the device changes, so an ordinary folder costs nothing.
func kernelFS(parent, folder fs.FileInfo, root *os.Root) bool {
	p, ok1 := parent.Sys().(*syscall.Stat_t)
	f, ok2 := folder.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 || p.Dev == f.Dev {
		return false
	}
	dir, err := root.Open(".")
	if err != nil {
		return false // listing it will say why
	}
	defer dir.Close()
	var st syscall.Statfs_t
	if syscall.Fstatfs(int(dir.Fd()), &st) != nil {
		return false
	}
	return kernelMagic[int64(st.Type)]
}

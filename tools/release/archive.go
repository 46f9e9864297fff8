package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// installed are the files as they lie below a prefix such as /usr/local (Filesystem
// Hierarchy Standard 3.0, 4.7): what users do not call themselves is in libexec,
// where oakum looks for it.
func (r *release) installed(t target, built []binary, notices []byte) (tree, error) {
	all := tree{{"share/doc/oakum/NOTICES", 0o644, notices}}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(filepath.Join(r.source, name))
		if err != nil {
			return nil, err
		}
		all = append(all, file{"share/doc/oakum/" + name, 0o644, text})
	}
	for _, b := range built {
		dir := "bin/"
		if b.name != "oakum" {
			dir = "libexec/oakum/"
		}
		all = append(all, file{dir + t.exe(b.name), 0o755, b.content})
	}
	return append(all, r.docs...), nil
}

// archive writes what is unpacked over a prefix; on Windows, which has none, the
// programs and papers lie in one folder.
func (r *release) archive(t target, built []binary, notices []byte) error {
	all, err := r.installed(t, built, notices)
	if err != nil {
		return err
	}
	top := fmt.Sprintf("oakum_%s_%s_%s", r.number(), t.os, t.arch)
	if t.os != "windows" {
		packed, err := all.below(top).tarGz(r.stamp.at)
		if err != nil {
			return err
		}
		return r.write(top+".tar.gz", packed)
	}
	var flat tree
	for _, f := range all {
		base := f.name[strings.LastIndex(f.name, "/")+1:]
		if strings.HasPrefix(f.name, "share/") && !strings.HasPrefix(f.name, "share/doc/") {
			continue
		}
		flat = append(flat, file{base, f.mode, f.content})
	}
	for _, f := range r.docs {
		if strings.HasSuffix(f.name, ".ps1") {
			flat = append(flat, file{"oakum.ps1", f.mode, f.content})
		}
	}
	packed, err := flat.sorted().below(top).zip(r.stamp.at)
	if err != nil {
		return err
	}
	return r.write(top+".zip", packed)
}

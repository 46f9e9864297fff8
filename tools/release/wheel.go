package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// wheelTags say on which platforms pip installs a wheel. The programs are linked
// statically, so on Linux they run with any C library: 2.17 and 1.1 are the oldest
// that tags are in use for (PEP 600, PEP 656). macOS 12 is the oldest that Go 1.26 knows.
var wheelTags = map[target][]string{
	{"linux", "amd64"}:   {"manylinux2014_x86_64", "manylinux_2_17_x86_64", "musllinux_1_1_x86_64"},
	{"linux", "arm64"}:   {"manylinux2014_aarch64", "manylinux_2_17_aarch64", "musllinux_1_1_aarch64"},
	{"darwin", "amd64"}:  {"macosx_12_0_x86_64"},
	{"darwin", "arm64"}:  {"macosx_12_0_arm64"},
	{"windows", "amd64"}: {"win_amd64"},
	{"windows", "arm64"}: {"win_arm64"},
}

// wheelName is the project's name, as file names have it (PEP 625).
const wheelName = "oakum_bin"

// wheel writes the wheel, which holds oakum as a script: pip puts it on the
// environment's PATH as it is, and no Python runs when it does.
func (r *release) wheel(t target, oakum binary) error {
	version, err := pythonVersion(r.stamp.version)
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(r.source, "tools", "release", "wheel.md"))
	if err != nil {
		return err
	}
	license, err := os.ReadFile(filepath.Join(r.source, "LICENSE"))
	if err != nil {
		return err
	}
	notices, err := notices(r.source, []binary{oakum})
	if err != nil {
		return err
	}
	stem := wheelName + "-" + version
	info := stem + ".dist-info/"
	all := tree{
		{stem + ".data/scripts/" + t.exe("oakum"), 0o755, oakum.content},
		{info + "licenses/LICENSE", 0o644, license},
		{info + "licenses/NOTICES", 0o644, notices},
		{info + "METADATA", 0o644, metadata(version, readme)},
		{info + "WHEEL", 0o644, wheelFile(wheelTags[t])},
	}
	all = append(all, file{info + "RECORD", 0o644, record(all, info+"RECORD")})
	packed, err := all.zip(r.stamp.at)
	if err != nil {
		return err
	}
	return r.write(fmt.Sprintf("%s-py3-none-%s.whl", stem, strings.Join(wheelTags[t], ".")), packed)
}

// metadata is of version 2.4 (PEP 639: licences by their expression).
func metadata(version string, readme []byte) []byte {
	return fmt.Appendf(nil, `Metadata-Version: 2.4
Name: oakum-bin
Version: %s
Summary: Find hardcoded credentials, and keep new ones out: the oakum program
License-Expression: Apache-2.0
License-File: LICENSE
License-File: NOTICES
Project-URL: Homepage, https://github.com/oakum-sec/oakum
Requires-Python: >=3.8
Description-Content-Type: text/markdown

%s`, version, readme)
}

// wheelFile says how to unpack: what holds a program is of a platform, not pure.
func wheelFile(tags []string) []byte {
	text := "Wheel-Version: 1.0\nGenerator: oakum-release\nRoot-Is-Purelib: false\n"
	for _, tag := range tags {
		text += "Tag: py3-none-" + tag + "\n"
	}
	return []byte(text)
}

// record lists each file with its hash and size, itself without (PEP 376, PEP 427).
func record(all tree, own string) []byte {
	var list strings.Builder
	for _, f := range all {
		sum := sha256.Sum256(f.content)
		fmt.Fprintf(&list, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.content))
	}
	fmt.Fprintf(&list, "%s,,\n", own)
	return []byte(list.String())
}

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// Versions sort in each world as the releases came.
func TestVersions(t *testing.T) {
	for _, c := range []struct{ version, python, debian string }{
		{"v0.1.0", "0.1.0", "0.1.0"},
		{"v1.2.3-rc.4", "1.2.3rc4", "1.2.3~rc.4"},
		{"v1.2.3-alpha.1", "1.2.3a1", "1.2.3~alpha.1"},
		{"v0.0.0-20261130194015-642696d50cde", "0.0.0.dev20261130194015", "0.0.0~20261130194015.642696d50cde"},
		{"v1.2.4-0.20261130194015-642696d50cde", "1.2.4.dev20261130194015", "1.2.4~0.20261130194015.642696d50cde"},
		{"v1.2.3-preview", "", "1.2.3~preview"},
		{"v1.2.3-rc.x", "", "1.2.3~rc.x"},
		{"devel", "", "devel"},
	} {
		python, err := pythonVersion(c.version)
		if python != c.python || (err == nil) != (c.python != "") {
			t.Errorf("%s in Python: %q, %v", c.version, python, err)
		}
		if got := debianVersion(c.version); got != c.debian {
			t.Errorf("%s in Debian: %q", c.version, got)
		}
	}
}

var sample = tree{{"b/run", 0o755, []byte("program")}, {"a", 0o644, []byte("text")}}

func TestTarGz(t *testing.T) {
	one, err := sample.tarGz(at)
	two, err2 := slices.Clone(tree{sample[1], sample[0]}).tarGz(at)
	if err != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Fatalf("the order of files makes a difference: %v, %v", err, err2)
	}
	z, err := gzip.NewReader(bytes.NewReader(one))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %o %d %s%s", h.Name, h.Mode, h.Uid, h.ModTime.UTC().Format(time.DateTime), h.Uname))
	}
	if want := []string{"a 644 0 2026-01-02 03:04:05", "b/run 755 0 2026-01-02 03:04:05"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// testBinary is this test, which holds a record of modules as every program does.
func testBinary(t *testing.T) binary {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil || len(info.Deps) == 0 {
		t.Fatal("this test does not know its modules: ", err)
	}
	return binary{programs[0], []byte("a program"), info}
}

func testRelease(t *testing.T) *release {
	return &release{source: filepath.Join("..", ".."), out: t.TempDir(), kinds: kinds, targets: targets,
		stamp: stamp{version: "v0.1.0", commit: "c", at: at, goes: "go1.26.8"}}
}

// A wheel is what PEP 427 says: pip checks each file against RECORD.
func TestWheel(t *testing.T) {
	r := testRelease(t)
	for target, tags := range wheelTags {
		if err := r.wheel(target, testBinary(t)); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(r.out, "oakum_bin-0.1.0-py3-none-"+strings.Join(tags, ".")+".whl")
		z, err := zip.OpenReader(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range z.File {
			in, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if files[f.Name], err = io.ReadAll(in); err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(f.Name, target.exe("scripts/oakum")) && f.Mode().Perm() != 0o755 {
				t.Errorf("%s: the program has mode %o", target, f.Mode().Perm())
			}
		}
		z.Close()
		checkRecord(t, files)
		for _, want := range []string{"oakum_bin-0.1.0.data/scripts/" + target.exe("oakum"), "oakum_bin-0.1.0.dist-info/licenses/LICENSE"} {
			if files[want] == nil {
				t.Errorf("%s: no %s", target, want)
			}
		}
	}
	if len(wheelTags) != len(targets) {
		t.Errorf("%d kinds of wheels for %d platforms", len(wheelTags), len(targets))
	}
}

func checkRecord(t *testing.T, files map[string][]byte) {
	t.Helper()
	lines := strings.Fields(string(files["oakum_bin-0.1.0.dist-info/RECORD"]))
	if len(lines) != len(files) {
		t.Errorf("RECORD has %d lines for %d files", len(lines), len(files))
	}
	for _, line := range lines {
		parts := strings.Split(line, ",")
		content, there := files[parts[0]]
		sum := sha256.Sum256(content)
		want := "sha256=" + base64.RawURLEncoding.EncodeToString(sum[:])
		if !there || parts[1] != "" && (parts[1] != want || parts[2] != fmt.Sprint(len(content))) {
			t.Errorf("RECORD: %s", line)
		}
	}
}

// The bill names every module that is linked in, at the version that is.
func TestBill(t *testing.T) {
	r := testRelease(t)
	b := testBinary(t)
	if err := r.bill(targets[0], []binary{b}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, "oakum_0.1.0_linux_amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bill struct {
		SpecVersion  string
		SerialNumber string
		Components   []struct {
			Purl, Name, Version string
			Ref                 string `json:"bom-ref"`
		}
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal(text, &bill); err != nil || bill.SpecVersion != "1.6" || bill.SerialNumber != "" {
		t.Fatalf("%+v, %v", bill, err)
	}
	refs := map[string]bool{}
	named := map[string]string{}
	for _, c := range bill.Components {
		refs[c.Ref], named[c.Name] = true, c.Version
	}
	for _, m := range b.info.Deps {
		if m.Replace == nil && named[m.Path] != m.Version {
			t.Errorf("%s %s is linked in; the bill says %q", m.Path, m.Version, named[m.Path])
		}
	}
	if named["std"] != "go1.26.8" || len(bill.Dependencies) != 2 || len(bill.Dependencies[1].DependsOn) < len(b.info.Deps) {
		t.Errorf("%+v", bill.Dependencies)
	}
	for _, ref := range bill.Dependencies[1].DependsOn {
		if !refs[ref] {
			t.Errorf("%s is no component", ref)
		}
	}
}

func TestNotices(t *testing.T) {
	text, err := notices(".", []binary{testBinary(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"github.com/CycloneDX/cyclonedx-go v", "Go and its standard library: LICENSE", "Apache License"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("no %q", want)
		}
	}
}

// What says nothing about its commit, or is not of one, is not released.
func TestStamp(t *testing.T) {
	with := func(settings ...debug.BuildSetting) binary {
		return binary{programs[0], nil, &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v0.1.0"}, Settings: settings}}
	}
	rev := func(s string) debug.BuildSetting { return debug.BuildSetting{Key: "vcs.revision", Value: s} }
	if _, err := commonStamp(stamp{}, []binary{with(rev("a")), with(rev("a"))}); err != nil {
		t.Error(err)
	}
	for name, all := range map[string][]binary{
		"other commits": {with(rev("a")), with(rev("b"))},
		"modified":      {with(rev("a"), debug.BuildSetting{Key: "vcs.modified", Value: "true"})},
		"no commit":     {with()},
	} {
		if _, err := commonStamp(stamp{}, all); err == nil {
			t.Errorf("%s: released", name)
		}
	}
	r := &release{source: t.TempDir(), out: t.TempDir(), kinds: kinds, targets: []target{host()}}
	if err := r.make(context.Background()); err == nil || !strings.Contains(err.Error(), "build oakum") {
		t.Errorf("of an empty folder: %v", err)
	}
	if err := run(context.Background(), []string{"-out", "."}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("into a folder with files: %v", err)
	}
}

// A tag that pyproject.toml does not name would have pre-commit install another release.
func TestPins(t *testing.T) {
	r := testRelease(t)
	r.source = t.TempDir()
	text := "[project]\nversion = \"0.2.0rc1\"\ndependencies = [\"oakum-bin==0.2.0rc1\"]\n"
	if err := os.WriteFile(filepath.Join(r.source, "pyproject.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for version, right := range map[string]bool{"v0.2.0-rc.1": true, "v0.2.0": false, "v0.2.0-rc.10": false, "v0.0.0-20261130194015-642696d50cde": true} {
		r.stamp.version = version
		if err := r.checkPins(); (err == nil) != right {
			t.Errorf("%s: %v", version, err)
		}
	}
	// The one of this repository names one version, twice.
	own, err := os.ReadFile(filepath.Join("..", "..", "pyproject.toml"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(own), "\nversion = \"")
	version, _, _ := strings.Cut(after, "\"")
	if version == "" || !strings.Contains(string(own), "oakum-bin=="+version+"\"") {
		t.Errorf("pyproject.toml is of version %q and installs another", version)
	}
}

// dpkg takes the package, where there is one.
func TestDebian(t *testing.T) {
	r := testRelease(t)
	r.docs = tree{{"share/man/man1/oakum.1", 0o644, []byte("page")}, {completions["zsh"], 0o644, []byte("#compdef oakum")}}
	if err := r.debian(targets[0], []binary{testBinary(t)}, []byte("licences")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(r.out, "oakum_0.1.0_amd64.deb")
	one, err := os.ReadFile(name)
	if err != nil || !bytes.HasPrefix(one, []byte("!<arch>\ndebian-binary ")) {
		t.Fatalf("%q, %v", one[:min(len(one), 20)], err)
	}
	if err := r.debian(targets[0], []binary{testBinary(t)}, []byte("licences")); err != nil {
		t.Fatal(err)
	}
	if two, err := os.ReadFile(name); err != nil || !bytes.Equal(one, two) {
		t.Error("two packages of the same are not the same")
	}
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("no dpkg-deb to read the package with")
	}
	list, err := exec.Command("dpkg-deb", "-c", name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, list)
	}
	for _, want := range []string{"./usr/bin/oakum", "./usr/share/man/man1/oakum.1", "./usr/share/zsh/vendor-completions/_oakum", "./usr/share/doc/oakum/copyright"} {
		if !bytes.Contains(list, []byte(want)) {
			t.Errorf("no %s in\n%s", want, list)
		}
	}
}

package realtest

import (
	"context"
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed lock/dotnet.txt
var dotnetLock string

// dotnetVersion is the one that the lock pins: the last that Microsoft put on PyPI.
const dotnetVersion = "3.1.23"

// monoPackages are a C# compiler, which knows the language up to version 7, and what it runs on.
// The runtime alone has none.
var monoPackages = []string{"mono-mcs", "mono-runtime-common", "mono-runtime-sgen", "mono-4.0-gac", "libmono-corlib4.5-dll", "libmono-microsoft-csharp4.0-cil", "libmono-security4.0-cil",
	"libmono-system4.0-cil", "libmono-system-configuration4.0-cil", "libmono-system-core4.0-cil", "libmono-system-numerics4.0-cil", "libmono-system-security4.0-cil", "libmono-system-xml4.0-cil"}

const dotnetProgram = "dotnetcore2/bin/dotnet"

// dotnet is Microsoft's .NET runtime, out of a wheel, and Mono's compiler, of the
// distribution: both are unpacked, not installed.
func dotnet() Part {
	return Part{
		Name:    "dotnet",
		Program: dotnetProgram,
		recipe:  dotnetLock + "apt-get download; dpkg -x: " + strings.Join(monoPackages, " "),
		bring: func(ctx context.Context, dir string) error {
			if err := unpackWheels(ctx, dir, dotnetLock); err != nil {
				return err
			}
			for _, name := range monoPackages {
				if err := unpack(ctx, dir, name); err != nil {
					return err
				}
			}
			return os.Chmod(filepath.Join(dir, filepath.FromSlash(dotnetProgram)), 0o755)
		},
	}
}

// dotnetConfig names the runtime that a program wants
// (https://learn.microsoft.com/dotnet/core/runtime-config/). No libicu is asked for.
const dotnetConfig = `{"runtimeOptions": {"framework": {"name": "Microsoft.NETCore.App", "version": "` + dotnetVersion + `"},
  "configProperties": {"System.Globalization.Invariant": true}}}
`

// CSharp compiles a program of files in dir, and gives the command that runs it.
func CSharp(t testing.TB, dir string, files ...string) (command []string) {
	t.Helper()
	program := Find(t, "dotnet")
	root := strings.TrimSuffix(program, filepath.FromSlash(dotnetProgram))
	references, err := filepath.Glob(filepath.Join(filepath.Dir(program), "shared", "Microsoft.NETCore.App", dotnetVersion, "System.*.dll"))
	if err != nil {
		t.Fatal(err)
	}
	mono := filepath.Join(root, "usr", "lib", "mono", "4.5")
	args := []string{filepath.Join(mono, "mcs.exe"), "-nostdlib", "-noconfig", "-out:program.dll"}
	for _, r := range references {
		if !strings.HasSuffix(r, ".Native.dll") { // machine code
			args = append(args, "-r:"+r)
		}
	}
	cmd := exec.Command(filepath.Join(root, "usr", "bin", "mono-sgen"), append(args, files...)...)
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "MONO_PATH=" + mono, "MONO_CFG_DIR=" + filepath.Join(root, "etc")}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", files, err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "program.runtimeconfig.json"), []byte(dotnetConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{program, filepath.Join(dir, "program.dll")}
}

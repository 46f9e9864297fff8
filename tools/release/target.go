package main

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// target is a platform, by Go's names.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

// host is the platform that this program runs on.
func host() target { return target{runtime.GOOS, runtime.GOARCH} }

// exe is a program's file name there.
func (t target) exe(name string) string {
	if t.os == "windows" {
		name += ".exe"
	}
	return name
}

func parseTargets(list string) (all []target, err error) {
	for _, word := range strings.Split(list, ",") {
		os, arch, _ := strings.Cut(word, "/")
		t := target{os, arch}
		if word == "host" {
			t = host()
		}
		if !slices.Contains(targets, t) {
			return nil, fmt.Errorf("-targets: %q is none of %v", word, targets)
		}
		all = append(all, t)
	}
	return all, nil
}

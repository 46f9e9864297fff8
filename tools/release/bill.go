package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

// bill writes the bill of materials of a platform's programs, from what the Go tool
// recorded in them: not what was planned but what is linked.
func (r *release) bill(t target, built []binary) error {
	bom := cyclonedx.NewBOM() // without a serial number: two of one commit are one
	top := fmt.Sprintf("pkg:github/oakum-sec/oakum@%s?arch=%s&os=%s", r.stamp.version, t.arch, t.os)
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.stamp.at.UTC().Format(time.RFC3339),
		Component: &cyclonedx.Component{BOMRef: top, Type: cyclonedx.ComponentTypeApplication, Name: "oakum", Version: r.stamp.version, PackageURL: top},
	}
	goRef := "pkg:golang/std@" + strings.TrimPrefix(r.stamp.goes, "go")
	components := []cyclonedx.Component{{BOMRef: goRef, Type: cyclonedx.ComponentTypeLibrary, Name: "std", Version: r.stamp.goes, PackageURL: goRef}}
	var programs []string
	var depends []cyclonedx.Dependency
	for _, b := range built {
		components = append(components, application(b, r.stamp.version, t))
		programs = append(programs, b.name)
		refs := []string{goRef}
		for _, m := range modules([]binary{b}) {
			refs = append(refs, moduleRef(m))
		}
		depends = append(depends, cyclonedx.Dependency{Ref: b.name, Dependencies: &refs})
	}
	for _, m := range modules(built) {
		components = append(components, cyclonedx.Component{BOMRef: moduleRef(m), Type: cyclonedx.ComponentTypeLibrary, Name: m.Path, Version: m.Version, PackageURL: moduleRef(m)})
	}
	depends = append([]cyclonedx.Dependency{{Ref: top, Dependencies: &programs}}, depends...)
	bom.Components, bom.Dependencies = &components, &depends
	var out bytes.Buffer
	encoder := cyclonedx.NewBOMEncoder(&out, cyclonedx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cyclonedx.SpecVersion1_6); err != nil {
		return err
	}
	return r.write(fmt.Sprintf("oakum_%s_%s_%s.cdx.json", r.number(), t.os, t.arch), out.Bytes())
}

func application(b binary, version string, t target) cyclonedx.Component {
	return cyclonedx.Component{
		BOMRef: b.name, Type: cyclonedx.ComponentTypeApplication, Name: t.exe(b.name), Version: version,
		Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: fmt.Sprintf("%x", sha256.Sum256(b.content))}},
	}
}

// moduleRef is a module's package URL (purl-spec, type golang).
func moduleRef(m *debug.Module) string {
	return "pkg:golang/" + strings.ToLower(m.Path) + "@" + strings.ReplaceAll(m.Version, "+", "%2B") + "?type=module"
}

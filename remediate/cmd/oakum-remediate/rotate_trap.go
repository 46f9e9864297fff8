package main

import (
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/rules/proof"
)

// trap tells that a credential was planted, by what scans know of its parts.
func trap(c rotate.Credential) (why string) {
	for _, v := range c {
		for _, parser := range proof.Parsers() {
			for _, note := range proof.Parse(parser, []byte(store.Plain(v))).Notes {
				if strings.HasPrefix(note, proof.Canary) {
					return note
				}
			}
		}
	}
	return ""
}

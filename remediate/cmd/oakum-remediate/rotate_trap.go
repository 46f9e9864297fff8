package main

import (
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/store"
	"github.com/oakum-sec/oakum/rules/proof"
)

// trap tells that a credential was planted, by what scans know of its parts.
func trap(c rotate.Credential) (why string) {
	for _, v := range c {
		for _, parser := range proof.Parsers() {
			if note := leak.Planted(proof.Parse(parser, []byte(store.Plain(v))).Notes); note != "" {
				return note
			}
		}
	}
	return ""
}

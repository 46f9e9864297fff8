// Package rulefile reads rules that people write: TOML files in gitleaks' v8 form,
// with oakum's own keys beside (docs/rules-format.md lists all).
//
// Import makes such a file of Betterleaks', as far as it maps.
//
// Parse reads a file, Validate tells what is wrong with a rule by itself, and
// Merge lays a user's file over what it extends. What comes out is plain
// rules.Rule values for rules.Compile: the engine knows nothing of files.
//
// It promises that a file which is read is understood whole: a key that it does
// not know, a value of the wrong type, a pattern that RE2 does not take are
// mistakes. All of a file are told at once, each at its line and column and with
// what to do about it, and none repeats what people may have put a secret value
// into. Text of a hostile file cannot steer the terminal that shows a message.
//
// Its limits: files of 16 MB, chains of extend.path two deep, and nothing from the
// network. What needs the rules compiled together, such as whether keywords are
// implied by the pattern, is Compile's to refuse.
package rulefile

// Package agent speaks with coding agents: it reads the JSON that one hands to a
// hook before it reads or writes a file, runs a command or sends a prompt, and
// after a tool has answered, and writes the answer in that agent's own words.
//
// Promises: each agent is one value of type Agent in a file of its own, which names
// the vendor's page that it was written from; what is not understood is an error,
// never an allowance; what an agent gets back in the place of a tool's answer has
// the shape of that answer; and no text of the call is in an Answer's words.
//
// Limits: it decides nothing and opens no file, that is for its caller
// (internal/cli); and a hook binds an agent only as far as its maker says: a person
// can switch it off, and what a command does with a value it never shows is not seen.
package agent

import (
	"fmt"
	"strings"
)

// Agent is a coding agent with a documented contract for hooks.
type Agent struct {
	Name  string // as --agent takes it
	Title string // for people
	Page  string // the vendor's page that the contract was read from

	fits     func(o object) bool
	read     func(c *Call)
	reply    func(c *Call, a Answer) Reply
	can      func(c *Call, v Verdict) bool
	settings *settings // nil: there is no documented file
}

// Agents lists those that are known, in the order in which a call's shape is tried:
// the peculiar before the common.
func Agents() []*Agent {
	return []*Agent{windsurf(), cline(), cursor(), gemini(), codex(), copilot(), claude(), plain()}
}

// ByName finds an agent.
func ByName(name string) (*Agent, error) {
	var names []string
	for _, a := range Agents() {
		if a.Name == name {
			return a, nil
		}
		names = append(names, a.Name)
	}
	return nil, fmt.Errorf("there is no agent %q (one of %s)", name, strings.Join(names, ", "))
}

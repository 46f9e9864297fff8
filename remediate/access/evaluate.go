package access

import (
	"slices"
	"strings"
)

// Request is what is asked of IAM.
type Request struct {
	Principal map[string]string // kind and name; of a trust policy
	Action    string
	Resource  string
	Context   map[string]string
}

// allows evaluates a policy as IAM does (IAM User Guide, "Policy evaluation
// logic"), for the subset that this package writes: Allow and Deny, "*" and "?"
// in actions and resources, StringEquals, StringLike, ArnEquals and ArnLike. An
// operator that is not known matches nothing of an Allow, and all of a Deny.
func (p Policy) allows(r Request) bool {
	allowed := false
	for _, s := range p.Statement {
		if !s.matches(r) {
			continue
		}
		if s.Effect == "Deny" {
			return false
		}
		allowed = true
	}
	return allowed
}

func (s Statement) matches(r Request) bool {
	for kind, name := range s.Principal {
		if r.Principal[kind] != name {
			return false
		}
	}
	action := func(pattern string) bool { return like(strings.ToLower(pattern), strings.ToLower(r.Action)) }
	if !slices.ContainsFunc(s.Action, action) {
		return false
	}
	resource := func(pattern string) bool { return like(pattern, r.Resource) }
	if len(s.Resource) > 0 && !slices.ContainsFunc(s.Resource, resource) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !holds(operator, key, values, r.Context, s.Effect == "Deny") {
				return false
			}
		}
	}
	return true
}

// holds evaluates one condition. A key that the request does not have matches
// none of these operators; keys' names have no case.
func holds(operator, key string, values []string, context map[string]string, unknown bool) bool {
	var is func(pattern, value string) bool
	switch operator {
	case "StringEquals":
		is = func(pattern, value string) bool { return pattern == value }
	case "StringLike", "ArnLike", "ArnEquals":
		is = like
	default:
		return unknown
	}
	for k, v := range context {
		if strings.EqualFold(k, key) && slices.ContainsFunc(values, func(p string) bool { return is(p, v) }) {
			return true
		}
	}
	return false
}

// like matches "*" and "?".
func like(pattern, text string) bool {
	for len(pattern) > 0 {
		switch pattern[0] {
		case '*':
			for i := 0; i <= len(text); i++ {
				if like(pattern[1:], text[i:]) {
					return true
				}
			}
			return false
		case '?':
			if text == "" {
				return false
			}
		default:
			if text == "" || text[0] != pattern[0] {
				return false
			}
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

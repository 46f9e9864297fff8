package rulebook

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/rules"
)

// maxWords is how long a format may be in words, in bytes; beyond it the pattern
// reads better.
const maxWords = 240

// Format tells in words what a rule's value looks like: `"ghp_", 30 letters or
// digits, 6 letters or digits (checksum)`. It is "" where words do not help.
func Format(r *rules.Rule) string {
	if r.Regex == "" {
		return ""
	}
	tree, err := syntax.Parse(r.Regex, syntax.Perl)
	if err != nil {
		return ""
	}
	value := capture(tree, "value")
	if value == nil {
		return ""
	}
	d := describer{sum: ""}
	if r.Checksum != nil {
		d.sum = r.Checksum.Sum
	}
	text := d.words(value.Sub[0])
	for _, read := range uuids {
		text = strings.ReplaceAll(text, read, "a UUID")
	}
	if d.lost || len(text) > maxWords {
		return ""
	}
	if capture(tree, "key") != nil {
		text += ", beside a name that tells what it is"
	}
	return text
}

// uuids is how the words of a UUID read, of any version and of version 4.
var uuids = []string{
	`8 hexadecimal digits, "-", 4 hexadecimal digits, "-", 4 hexadecimal digits, "-", 4 hexadecimal digits, "-", 12 hexadecimal digits`,
	`8 hexadecimal digits, "-", 4 hexadecimal digits, "-4", 3 hexadecimal digits, "-", 1 of [89ab], 3 hexadecimal digits, "-", 12 hexadecimal digits`,
}

// capture finds the first group of that name.
func capture(re *syntax.Regexp, name string) *syntax.Regexp {
	if re.Op == syntax.OpCapture && re.Name == name {
		return re
	}
	for _, sub := range re.Sub {
		if found := capture(sub, name); found != nil {
			return found
		}
	}
	return nil
}

type describer struct {
	sum  string // the group that holds a checksum
	lost bool   // it met what it has no words for
}

func (d *describer) words(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return fmt.Sprintf("%q", string(re.Rune))
	case syntax.OpCharClass:
		return "1 of " + d.class(re.Rune)
	case syntax.OpRepeat:
		return d.repeat(re)
	case syntax.OpQuest:
		return "perhaps " + d.grouped(re.Sub[0])
	case syntax.OpConcat:
		return d.list(re.Sub, ", ")
	case syntax.OpAlternate:
		return d.list(re.Sub, " or ")
	case syntax.OpCapture:
		text := d.words(re.Sub[0])
		if re.Name == d.sum && d.sum != "" {
			text += " (checksum)"
		}
		return text
	case syntax.OpEmptyMatch, syntax.OpWordBoundary:
		return ""
	}
	d.lost = true
	return ""
}

// grouped puts a sequence in brackets.
func (d *describer) grouped(re *syntax.Regexp) string {
	text := d.words(re)
	if strings.Contains(text, ", ") {
		return "(" + text + ")"
	}
	return text
}

func (d *describer) list(subs []*syntax.Regexp, between string) string {
	var parts []string
	for _, sub := range subs {
		if text := d.words(sub); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, between)
}

// repeat is "40 letters or digits", "16 to 40 …", "up to 2 …".
func (d *describer) repeat(re *syntax.Regexp) string {
	of := re.Sub[0]
	if of.Op != syntax.OpCharClass {
		if re.Min == 0 {
			return fmt.Sprintf("up to %d %s", re.Max, d.words(of))
		}
		return fmt.Sprintf("%s times (%s)", times(re), d.words(of))
	}
	if re.Min == 0 {
		return fmt.Sprintf("up to %d %s", re.Max, d.class(of.Rune))
	}
	return times(re) + " " + d.class(of.Rune)
}

func times(re *syntax.Regexp) string {
	if re.Max == re.Min {
		return fmt.Sprint(re.Min)
	}
	return fmt.Sprintf("%d to %d", re.Min, re.Max)
}

// classes are the alphabets that have a name, as package syntax lists their ranges.
var classes = []struct {
	ranges string
	name   string
}{
	{"09", "digits"}, {"09af", "hexadecimal digits"}, {"09AFaf", "hexadecimal digits"}, {"09AF", "capital hexadecimal digits"},
	{"az", "small letters"}, {"AZ", "capitals"}, {"AZaz", "letters"}, {"09az", "small letters or digits"}, {"09AZ", "capitals or digits"},
	{"09AZaz", "letters or digits"}, {"--09AZ__az", "characters of base64url"}, {"09AZ__az", "letters, digits or _"},
	{"++/9AZaz", "characters of base64"}, {"27AZ", "characters of base32"}, {"27az", "characters of small base32"},
}

// class names an alphabet, or lists it.
func (d *describer) class(ranges []rune) string {
	i := slices.IndexFunc(classes, func(c struct{ ranges, name string }) bool { return c.ranges == string(ranges) })
	if i >= 0 {
		return classes[i].name
	}
	if len(ranges) > 16 || ranges[len(ranges)-1] > '~' {
		d.lost = true
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(ranges); i += 2 {
		switch lo, hi := ranges[i], ranges[i+1]; {
		case lo == hi:
			b.WriteRune(lo)
		case hi == lo+1:
			b.WriteRune(lo)
			b.WriteRune(hi)
		default:
			fmt.Fprintf(&b, "%c-%c", lo, hi)
		}
	}
	return "[" + b.String() + "]"
}

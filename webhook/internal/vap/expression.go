package vap

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// The expressions that find texts in an object. root is object or oldObject; dyn() keeps
// the API server's type check from asking each kind for the others' fields.
const (
	podOf = `request.kind.kind == 'Pod' ? dyn(%[1]s) :
request.kind.kind == 'CronJob' ? dyn(%[1]s).spec.jobTemplate.spec.template :
request.kind.kind == 'PodTemplate' ? dyn(%[1]s).template :
request.kind.kind == 'ConfigMap' ? dyn({}) :
dyn(%[1]s).?spec.?template.orValue(dyn({}))`

	containersOf = `variables.%[1]s.?spec.?containers.orValue([])
+ variables.%[1]s.?spec.?initContainers.orValue([])
+ variables.%[1]s.?spec.?ephemeralContainers.orValue([])`

	// Texts come in lists, each with the place that they are in; a text is "name=value"
	// where it has a name, as the webhook sees it too.
	textsOf = `variables.%[2]s.map(c, [
  {'at': ['container ' + c.name + ', env '], 'names': c.?env.orValue([]).map(e, has(e.value), string(e.name)), 'texts': c.?env.orValue([]).map(e, has(e.value), e.name + '=' + e.value)},
  {'at': ['container ' + c.name + ', command'], 'names': [], 'texts': [c.?command.orValue([]).join(' ')]},
  {'at': ['container ' + c.name + ', args'], 'names': [], 'texts': [c.?args.orValue([]).join(' ')]}
]).flatten()
+ [[dyn('annotation '), dyn(%[1]s).?metadata.?annotations.orValue({})],
   [dyn('annotation '), request.kind.kind == 'Pod' ? dyn({}) : variables.%[3]s.?metadata.?annotations.orValue({})],
   [dyn('data '), request.kind.kind == 'ConfigMap' ? dyn(%[1]s).?data.orValue({}) : dyn({})]
].map(m, [m[1].map(k, string(k))].map(keys, {'at': [string(m[0])], 'names': keys, 'texts': keys.map(k, k + '=' + m[1][k])})).flatten()`

	// All texts of an object in one: a prefix is looked for here first, for each text that
	// is asked alone has a price of its own, and there may be thousands.
	wholeOf = `variables.%s.map(s, s.texts.map(t, string(t)).join('\n')).join('\n')`
)

// finding are the variables that every policy of ours begins with.
func finding() []admissionv1.Variable {
	return []admissionv1.Variable{
		{Name: "pod", Expression: fmt.Sprintf(podOf, "object")},
		{Name: "containers", Expression: fmt.Sprintf(containersOf, "pod")},
		{Name: "texts", Expression: fmt.Sprintf(textsOf, "object", "containers", "pod")},
		{Name: "whole", Expression: fmt.Sprintf(wholeOf, "texts")},
		{Name: "oldPod", Expression: "oldObject == null ? dyn({}) : " + fmt.Sprintf(podOf, "oldObject")},
		{Name: "oldContainers", Expression: fmt.Sprintf(containersOf, "oldPod")},
		{Name: "oldTexts", Expression: "oldObject == null ? [] : " + fmt.Sprintf(textsOf, "oldObject", "oldContainers", "oldPod")},
		{Name: "oldWhole", Expression: fmt.Sprintf(wholeOf, "oldTexts")},
	}
}

// near is the list of what stands around a prefix in each of the texts, with its place:
// %[2]d bytes before it and %[3]d behind. A text is cut at the prefix (%[1]s), so its
// pieces hold what stands before and behind; where two prefixes touch, what stands before
// the second is the first.
const near = `!variables.whole.contains(%[1]s) ? [] : variables.texts.map(s, s.texts.transformList(n, t, t.contains(%[1]s), [t.split(%[1]s)].map(parts,
  parts.transformList(i, part, i > 0, {'at': s.at[0] + (s.names.size() == 0 ? '' : s.names[n]), 'text': ` + around + `})
))).flatten(3)`

// oldNear is the same of the old object, without the places.
const oldNear = `!variables.oldWhole.contains(%[1]s) ? [] : [variables.oldWhole.split(%[1]s)].map(parts,
  parts.transformList(i, part, i > 0, ` + around + `)
).flatten()`

const around = `(parts[i-1].size() > %[2]d ? parts[i-1].substring(parts[i-1].size() - %[2]d) : (i > 1 && parts[i-1] == '' ? %[1]s : parts[i-1]))
    + %[1]s + (part.size() > %[3]d ? part.substring(0, %[3]d) : part)`

// search gives the variables that find what patterns stand for. The last is "leaks": the
// places of what was found and is new, each with the rule's name.
func search(patterns []pattern) (vars []admissionv1.Variable) {
	vars = append(finding(), admissionv1.Variable{Name: "log2", Expression: logarithms(patterns)})
	var found []string
	for i, prefix := range prefixes(patterns) {
		left, right := reach(patterns, prefix)
		suffix := strconv.Itoa(i)
		vars = append(vars,
			admissionv1.Variable{Name: "near" + suffix, Expression: fmt.Sprintf(near, quote(prefix), left, right)},
			admissionv1.Variable{Name: "oldNear" + suffix, Expression: fmt.Sprintf(oldNear, quote(prefix), left, right)})
		for _, p := range patterns {
			if p.prefix == prefix {
				name := "found" + strconv.Itoa(len(found))
				vars = append(vars, admissionv1.Variable{Name: name, Expression: p.expression(suffix)})
				found = append(found, "variables."+name)
			}
		}
	}
	return append(vars, admissionv1.Variable{Name: "leaks", Expression: "[" + strings.Join(found, ", ") + "].flatten().distinct()"})
}

// reach is the widest window that a pattern with the prefix asks for.
func reach(patterns []pattern, prefix string) (left, right int) {
	for _, p := range patterns {
		if p.prefix == prefix {
			left, right = max(left, p.left), max(right, p.right)
		}
	}
	return left, right
}

// expression tells where the pattern's values stand that the old object does not have.
// The cheapest question comes first, entropy last.
func (p *pattern) expression(suffix string) string {
	var b strings.Builder
	b.WriteString("variables.near" + suffix)
	if len(p.regex) > 3*len(p.value) {
		fmt.Fprintf(&b, ".filter(w, w.text.matches(%s))", quote(p.value))
	}
	fmt.Fprintf(&b, "\n.filter(w, w.text.matches(%s))", quote(p.regex))
	if p.allowMatch != "" {
		fmt.Fprintf(&b, "\n.filter(w, !w.text.find(%s).matches(%s))", quote(p.regex), quote(p.allowMatch))
	}
	fmt.Fprintf(&b, "\n.map(w, {'at': string(w.at), 'value': w.text.find(%s).find(%s)})", quote(p.regex), quote(p.value))
	if p.allow != "" {
		fmt.Fprintf(&b, "\n.filter(v, !v.value.matches(%s))", quote(p.allow))
	}
	fmt.Fprintf(&b, "\n.filter(v, !variables.oldNear%s.exists(t, t.contains(v.value)))", suffix)
	if p.entropy > 0 {
		fmt.Fprintf(&b, "\n.filter(v, %s)", fmt.Sprintf(entropy, number(p.entropy)))
	}
	fmt.Fprintf(&b, "\n.map(v, v.at + ': %s (%s)')", p.what, p.rule)
	return b.String()
}

// entropy is whether v.value has more than %s bits a character. Shannon's sum over the
// characters' frequencies c/n is log2(n) - sum(c*log2(c))/n; CEL has no logarithm, so
// those of all possible counts are in a list.
const entropy = `[v.value.split('')].all(chars,
  chars.distinct().map(x, chars.filter(y, y == x).size()).map(c, double(c) * variables.log2[c]).sum()
  < double(chars.size()) * (variables.log2[chars.size()] - %s))`

// logarithms is that list, as long as the longest value.
func logarithms(patterns []pattern) string {
	most := 1
	for _, p := range patterns {
		if p.entropy > 0 {
			most = max(most, p.size)
		}
	}
	list := []string{"0.0", "0.0"} // no character occurs never
	for n := 2; n <= most; n++ {
		list = append(list, number(math.Log2(float64(n))))
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// number is a CEL double, to a millionth.
func number(f float64) string {
	s := strconv.FormatFloat(math.Round(f*1e6)/1e6, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// quote is a CEL string literal, raw where that can be. CEL's escapes are those of Go
// for what is in a regexp.
func quote(s string) string {
	if !strings.ContainsAny(s, "'\n") {
		return "r'" + s + "'"
	}
	return strconv.Quote(s)
}

// prefixes are what is looked for, each once.
func prefixes(patterns []pattern) (list []string) {
	for _, p := range patterns {
		if !slices.Contains(list, p.prefix) {
			list = append(list, p.prefix)
		}
	}
	return list
}

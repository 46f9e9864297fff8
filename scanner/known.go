package scanner

import (
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/rules"
)

// Known finds values that the user has named before, by what they are and not by
// what they look like. It may be asked from many goroutines.
//
// Each place at which Find tells of something is an anchor: it depends on the text
// around it alone, Left and Right bytes of it, or rules.Near where these are 0.
type Known interface {
	// Find calls use for every anchor in text[from:to]; the text around is context.
	Find(text []byte, from, to int, use func(KnownHit))
}

// KnownHit is an anchor. Where End is 0 there is no value: there would be one if far
// bytes were others.
type KnownHit struct {
	At          int // the anchor
	Left, Right int // how many bytes from At on to either side have a say; below 1<<16
	Start, End  int // what carries the value
	Value       []byte
	Form        string // what it is encoded in: "base64"; "" where it is raw
	Name        string // what the user calls it
	Vouched     bool   // strong enough for a hash of it to be published
}

// KnownRule is the rule of a finding that no other rule has found.
const KnownRule = "known-secret"

// AsRule describes findings of known values, for those who list rules. No Set has it.
func AsRule() *rules.Rule {
	return &rules.Rule{
		ID:          KnownRule,
		Description: "A secret that you named yourself",
		Doc:         "It is that very value: its keyed hash is in the index that `oakum known add` wrote. What a holder can do is what the secret is for.",
		Proof:       leak.Proven,
		Severity:    leak.Critical,
		Rotate:      "Replace it where it is used, then revoke it; afterwards `oakum known remove` its name.",
		Tags:        []string{"known"},
		File:        "builtin",
	}
}

// knownNote is what a finding of another rule says of a known value.
const knownNote = "known secret: "

// IsKnown tells whether a finding is of a known value, whichever rule found it.
func IsKnown(f *leak.Finding) bool {
	return f.Rule == KnownRule || slices.ContainsFunc(f.Notes, func(n string) bool { return strings.HasPrefix(n, knownNote) })
}

// known finds known values in the pieces of a window.
func (w *worker) known(win *window) {
	if w.opt.Known == nil {
		return
	}
	use := w.keepKnown(win, nil, whole)
	for _, here := range w.pieces {
		w.opt.Known.Find(win.text, here.from, here.to, use)
	}
}

// knownDecoded finds them in a decoded text.
func (w *worker) knownDecoded(text []byte, win *window, in layers) {
	if w.opt.Known != nil {
		w.opt.Known.Find(text, 0, len(text), w.keepKnown(win, in.names, in.locate))
	}
}

func (w *worker) keepKnown(win *window, names []string, locate func(start, end int) (int, int)) func(KnownHit) {
	return func(k KnownHit) {
		if k.End == 0 || w.full {
			return
		}
		h := w.knownHit(k, names)
		start, end := locate(k.Start, k.End)
		w.place(h.finding, win, start, end)
		w.keep(h)
	}
}

// knownHit makes a finding of a known value. Its place in the text is not set yet.
func (w *worker) knownHit(k KnownHit, names []string) *hit {
	r := AsRule()
	decoded := append(w.kind.decoded(), names...)
	if k.Form != "" {
		decoded = append(decoded, k.Form)
	}
	f := &leak.Finding{
		Rule: r.ID, Key: k.Name, Secret: leak.NewSecret(k.Value), Proof: r.Proof, Severity: r.Severity,
		Confidence: 1, Decoded: decoded, Seen: 1,
	}
	f.ID = leak.Identify(f.Rule, f.Secret, k.Vouched, "", w.blob.Place)
	return &hit{finding: f, rule: r}
}

// apart divides hits into those of known values and the others.
func apart(hits []*hit) (known, others []*hit) {
	for _, h := range hits {
		if h.rule.ID == KnownRule {
			known = append(known, h)
		} else {
			others = append(others, h)
		}
	}
	return known, others
}

// withKnown adds known values to what rules have found. Where a rule has found the
// very bytes of one, or something larger that is as sure, that finding tells of it: its
// fingerprint and its advice are the same for who has no index, so that what one allows
// the other allows, and the index adds the certainty. Else the known value stands.
func (w *worker) withKnown(kept, known []*hit) []*hit {
	slices.SortStableFunc(known, better)
	for _, k := range known {
		i, j := overlapped(kept, k)
		over := kept[i:j]
		if h := teller(k, over); h != nil {
			h.recognise(k)
			w.out.drop("overlap")
			continue
		}
		for range over {
			w.out.drop("overlap")
		}
		kept = slices.Replace(kept, i, j, k)
	}
	return kept
}

// teller is which of the findings that overlap with k tells of it; nil: k itself.
func teller(k *hit, over []*hit) *hit {
	for _, h := range over {
		if h.finding.Span == k.finding.Span || better(h, k) < 0 {
			return h
		}
	}
	return nil
}

// recognise makes h a finding of the known value k, which may be one itself.
func (h *hit) recognise(k *hit) {
	if h.rule.ID == KnownRule || h.known != nil {
		return
	}
	h.known = k
	h.finding.Proof, h.finding.Severity, h.finding.Confidence = k.finding.Proof, k.finding.Severity, 1
	h.finding.Notes = append(h.finding.Notes, knownNote+k.finding.Key)
}

// partKnown notes of a finding that a part of it is a known value.
func (h *hit) partKnown(part *hit) {
	name := part.finding.Key
	if part.known != nil {
		name = part.known.finding.Key
	} else if part.rule.ID != KnownRule {
		return
	}
	h.finding.Proof, h.finding.Severity, h.finding.Confidence = leak.Proven, leak.Critical, 1
	h.finding.Notes = append(h.finding.Notes, knownNote+name)
}

// knownNames appends matches of known values in a path's component.
func (w *worker) knownNames(found []rules.Match, start, end int) []rules.Match {
	if w.opt.Known == nil {
		return found
	}
	w.opt.Known.Find(w.path[start:end], 0, end-start, func(k KnownHit) {
		if k.End > 0 {
			m := rules.Match{Rule: AsRule(), Start: k.Start, End: k.End, Value: [2]int{k.Start, k.End},
				Proof: leak.Proven, Severity: leak.Critical, Confidence: 1, Notes: []string{knownNote + k.Name}}
			m.Shift(start)
			found = append(found, m)
		}
	})
	return found
}

// byName gives a finding that knownNames made the key that it has elsewhere.
func (h *hit) byName() {
	if f := h.finding; f.Rule == KnownRule && len(f.Notes) > 0 {
		f.Key, f.Notes = strings.TrimPrefix(f.Notes[0], knownNote), f.Notes[1:]
	}
}

// hasKnown tells whether a text has a known value, or may have one.
func (o *Options) hasKnown(text []byte) (found bool) {
	if o.Known != nil {
		o.Known.Find(text, 0, len(text), func(k KnownHit) { found = found || k.End > 0 })
	}
	return found
}

// lookKnown appends the anchors of known values.
func (p *Probe) lookKnown(from, to int) {
	if p.opt.Known != nil {
		p.opt.Known.Find(p.text, from, to, p.useKnown)
	}
}

func (p *Probe) noteKnown(k KnownHit) {
	p.found = append(p.found, rules.Anchor{At: k.At, Live: k.End > 0, Left: k.Left, Right: k.Right})
}

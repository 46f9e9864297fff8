package rows

import (
	"regexp"
	"strings"
)

// Kinds of noise: rows whose label another person would give otherwise, or that
// another row contradicts. A measurement counts them, and leaves them out of its
// second figure only. None of the definitions asks what oakum says of a row.
const (
	NoiseBoth    = "both labels" // F, and the same line holds a credential according to another row
	NoiseDefault = "default"     // the value is T in one row and stands as an F's value in another repository: password, admin
	NoiseNonce   = "nonce"       // T, and its category says that it is public: a nonce
	NoiseUUID    = "uuid"        // T, and a UUID: an identifier
	NoiseMask    = "mask"        // T, and nothing but a mask: xxxxxxxx
	NoiseExample = "example"     // T, and a vendor's documented example: …EXAMPLEKEY
)

// Disagreement names the noise of rows, and of what was found on rows that are F.
type Disagreement struct {
	lines    map[place]string        // the labels of a line
	truly    map[string]map[int]bool // values that are T, by repository
	standing map[string]map[int]bool // values that stand in F lines, likewise
}

// place is a line of a repository's file.
type place struct {
	repo       int
	file, line string
}

// standing is a value in quotes or behind an equals sign or a colon.
var standing = regexp.MustCompile(`["'` + "`" + `]([^"'` + "`" + `\s]{3,40})["'` + "`" + `]|[=:]\s*([^\s"'` + "`" + `,;&<>(){}]{3,40})`)

// NewDisagreement compares the generic rows with each other.
func NewDisagreement(all []Row) *Disagreement {
	d := &Disagreement{map[place]string{}, map[string]map[int]bool{}, map[string]map[int]bool{}}
	for i := range all {
		r := &all[i]
		if !r.Generic() {
			continue
		}
		p := place{r.Repo, r.File, r.Line}
		if !strings.Contains(d.lines[p], r.Label) {
			d.lines[p] += r.Label
		}
		if r.True() {
			note(d.truly, r.Value(), r.Repo)
			continue
		}
		for _, m := range standing.FindAllStringSubmatch(r.Line, -1) {
			note(d.standing, m[1]+m[2], r.Repo)
		}
	}
	return d
}

func note(m map[string]map[int]bool, value string, repo int) {
	value = strings.ToLower(value)
	if m[value] == nil {
		m[value] = map[int]bool{}
	}
	m[value][repo] = true
}

var (
	isUUID = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	isMask = regexp.MustCompile(`(?i)^(.{0,4}[x*.•#:-]{6,}.{0,4}|(.)(.){0,1}[x*.•#:-]{3,})$`)
)

// Of names a row's noise, "" where people would hardly disagree. found is the value
// that was found there, "" where nothing was; only for a row that is F does it matter,
// since few of those name a value.
func (d *Disagreement) Of(r *Row, found string) string {
	v := r.Value()
	if !r.True() {
		switch {
		case strings.Contains(d.lines[place{r.Repo, r.File, r.Line}], "T"):
			return NoiseBoth
		case d.isDefault(found):
			return NoiseDefault
		}
		return ""
	}
	switch {
	case strings.Contains(r.Category, "Nonce"):
		return NoiseNonce
	case isUUID.MatchString(v):
		return NoiseUUID
	case isMask.MatchString(v) || masked(v):
		return NoiseMask
	case strings.Contains(v, "EXAMPLE"):
		return NoiseExample
	case d.isDefault(v):
		return NoiseDefault
	}
	return ""
}

// masked tells whether a value is one character again and again.
func masked(v string) bool { return v != "" && strings.Trim(v, v[:1]) == "" }

// isDefault tells whether a value is T in one repository and stands in an F line of
// another one.
func (d *Disagreement) isDefault(value string) bool {
	value = strings.ToLower(value)
	for repo := range d.truly[value] {
		for other := range d.standing[value] {
			if repo != other {
				return true
			}
		}
	}
	return false
}

package cli

import "github.com/oakum-sec/oakum/internal/known"

// Remember adds a value to the user's index of known secrets, so that every scan, hook
// and gate that has it refuses that very value. A value that is too weak or too long to
// be looked for is told in why.
func (k Kit) Remember(c known.Candidate) (why error, err error) {
	place, keyFile, err := k.a.knownPlace("")
	if err != nil {
		return nil, err
	}
	x, err := k.a.openOrMakeKnown(place, keyFile)
	if err != nil {
		return nil, err
	}
	added, refused, err := x.Add([]known.Candidate{c}, false)
	if err != nil || added == 0 {
		if len(refused) > 0 {
			why = refused[0]
		}
		return why, err
	}
	return nil, writeKnown(place, x)
}

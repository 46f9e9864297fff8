package assign

import (
	"strings"
	"testing"
)

// Every fact and every answer is said in words of its own.
func TestWords(t *testing.T) {
	seen := map[string]int{}
	for i := range Facts {
		s := Fact{Index: i}.String()
		if s == "" || strings.Contains(s, "?") {
			t.Errorf("fact %d is said as %q", i, s)
		}
		if j, known := seen[s]; known {
			t.Errorf("facts %d and %d are both said as %q", i, j, s)
		}
		seen[s] = i
	}
	if len(seen) < 700 {
		t.Errorf("only %d facts", len(seen))
	}
	for _, why := range []string{"short", "name", "weak name", "attribute", "reference", "placeholder", "constant", "pattern", "hash", "uuid", "expression", "prose", "name again", "file kind", "test vector", "weak"} {
		if Reason(why) == why {
			t.Errorf("%q is not said in a sentence", why)
		}
	}
}

// An account says what Plausible and Fits say, and its facts add up to its score.
func TestAccounts(t *testing.T) {
	text := []byte("user: app\nDB_PASSWORD: " + random(1, 20) + "\napi_key: ${API_KEY}\ntoken_type: bearer-like\n")
	all := Accounts(text, 0, len(text), "deploy/values.yaml")
	if len(all) < 3 {
		t.Fatalf("%d accounts", len(all))
	}
	for _, a := range all {
		why := a.Plausible(text)
		if why == "" {
			why = a.Fits(text, []string{"deploy/values.yaml"})
		}
		if a.Why != why {
			t.Errorf("%s: accounted as %q, taken out as %q", text[a.Key[0]:a.Key[1]], a.Why, why)
		}
		sum := 0
		for _, f := range a.Facts {
			sum += f.Weight
		}
		if sum != a.Score {
			t.Errorf("%s: facts add up to %d, not to %d", text[a.Key[0]:a.Key[1]], sum, a.Score)
		}
		if a.Why == "" && a.Probability() != a.Confidence(text, []string{"deploy/values.yaml"}) {
			t.Errorf("%s: probability %v, confidence %v", text[a.Key[0]:a.Key[1]], a.Probability(), a.Confidence(text, []string{"deploy/values.yaml"}))
		}
	}
	if second := Accounts(text, 10, 20, ""); len(second) != 1 {
		t.Errorf("%d accounts of one name", len(second))
	}
}

// A probability grows with its score and stays between 0 and 1.
func TestProbability(t *testing.T) {
	last := 0.0
	for score := -1000; score <= 1000; score += 10 {
		p := probability(score)
		if p < last || p > 1 {
			t.Fatalf("score %d: probability %v after %v", score, p, last)
		}
		last = p
	}
	if p := probability(floor); p < Least-0.01 || p > Least+0.01 {
		t.Errorf("the floor's probability is %v, not %v", p, Least)
	}
}

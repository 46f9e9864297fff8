package assign

import "testing"

func TestCounting(t *testing.T) {
	for text, want := range map[string]bool{
		"":                       false,
		"12345678":               false,
		"123456789":              true,
		"x1234567890x":           true,
		"tok_0123456789abcdef":   true,
		"ABCDEFGHI":              true,
		"aBcDeFgHi":              true,
		"abcdefgh.abcdefgh":      false,
		"987654321abcdefgh":      false,
		"a1b2c3d4e5f6a7b8c9d0":   true,
		"a1b2c3d4x5y6z7":         false,
		"ghp_q8Zr71Vt02LmNoXb5":  false,
		"yz{|}~\x7f\x80\x81\x82": false,
	} {
		if got := Counting([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

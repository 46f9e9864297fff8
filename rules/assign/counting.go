package assign

// minCounted is how many characters in a row, each the next one of the
// alphabet, make a value a stand-in: 123456789, abcdefghi. A random value of 40
// letters and digits holds one once in 10^12.
const minCounted = 9

// Counting tells whether somebody counted where a credential should stand:
// "sk_test_1234567890abcdef…", "hf_abcdefghij…", "a1b2c3d4e5f6…". After 9 comes
// 0, or a.
func Counting(value []byte) bool { return counts(value, 1) || counts(value, 2) }

// counts looks at each step-th character.
func counts(value []byte, step int) bool {
	run := 1
	for i := step; i < len(value) && run < minCounted; i++ {
		if succeeds(value[i-step], value[i]) {
			run++
		} else {
			run = 1
		}
	}
	return run >= minCounted
}

func succeeds(a, b byte) bool {
	switch a |= 0x20; { // capitals as small letters; digits stay digits
	case a == '9':
		return b == '0' || b|0x20 == 'a'
	case a >= '0' && a < '9', a >= 'a' && a < 'z':
		return b|0x20 == a+1
	}
	return false
}

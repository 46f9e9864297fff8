package assign

import "testing"

// A comma joins a name to its value in a call; in a list of names, or a sentence, it
// parts two that have nothing to do with each other.
func TestCommas(t *testing.T) {
	value := random(1, 16)
	for line, found := range map[string]bool{
		`conf.setProperty("password", "` + value + `")`:        true,
		`Map.of("user", "app", "password", "` + value + `")`:   true,
		`{"password", "` + value + `"},`:                       true,
		`["name", "password", "` + value + `2"]`:               false,
		`    "password", "` + value + `2",`:                    false,
		`// not allowed: "abc", "Password1", "` + value + `2"`: false,
		`("password", "password2")`:                            false,
	} {
		if got := verdict(t, line+"\n") == ""; got != found {
			t.Errorf("%s: found %v", line, got)
		}
	}
}

package assign

import "testing"

func TestHollow(t *testing.T) {
	for value, want := range map[string]string{
		"": "placeholder", "xxxxxxxx": "placeholder", "<password>": "placeholder", "your_password": "placeholder", "****": "placeholder",
		"${DB_PASSWORD}": "reference", "$PASS": "reference", "{{ password }}": "reference", "%(pw)s": "reference", "{0}": "reference",
		"password": "default", "CHANGEME": "default", "userpass": "default", "x-oauth-basic": "default", "postgres": "default",
		random(1, 8): "", random(2, 40): "",
	} {
		if got := Hollow([]byte(value)); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

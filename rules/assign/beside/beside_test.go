package beside

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// near finds the facts in a text in which K is the value's name, or ends with it, and
// V1V2V3 the value.
func near(text, key string) []string {
	k, v := strings.Index(text, key), strings.Index(text, "V1V2V3")
	f := Near([]byte(text), [2]int{k, k + len(key)}, [2]int{v, v + 6})
	return f.Notes()
}

func TestNear(t *testing.T) {
	cases := []struct {
		name, text, key string
		want            []string
	}{
		{"dotenv", "DB_USER=app\nDB_HOST=db\nDB_PASSWORD=V1V2V3\n", "DB_PASSWORD", []string{"user app", "host db"}},
		{"another's", "MAIL_USER=app\nDB_PASSWORD=V1V2V3\n", "DB_PASSWORD", nil},
		{"behind a blank line", "USER=app\n\nPASSWORD=V1V2V3\n", "PASSWORD", nil},
		{"another section", "[a]\nuser=app\n[b]\npassword=V1V2V3\n", "password", nil},
		{"another object", `[{"user": "app"}, {"password": "V1V2V3"}]`, "password", nil},
		{"the same object", `[{"user": "app", "password": "V1V2V3"}]`, "password", []string{"user app"}},
		{"further in", "user: app\ndb:\n  password: V1V2V3\n", "password", nil},
		{"a reference", "user: ${USER}\npassword: V1V2V3\n", "password", nil},
		{"the value", "user: V1V2V3\npassword: V1V2V3\n", "password", nil},
		{"random", "user: abcdef0123456789abcdef\npassword: V1V2V3\n", "password", nil},
		{"ADO", "x=\"Server=db,1433;User Id=app;Password=V1V2V3;\"", "Password", []string{"user app", "host db,1433"}},
		{"SQL", "CREATE USER app WITH PASSWORD 'V1V2V3';", "PASSWORD", []string{"user app"}},
		{"another statement", "CREATE USER app;\nSET PASSWORD = 'V1V2V3';", "PASSWORD", nil},
		{"a call", `login("app", "V1V2V3")`, "login", []string{"user app"}},
		{"options", "tool -u app -h db --password V1V2V3", "password", []string{"user app", "host db"}},
	}
	for _, c := range cases {
		if got := near(c.text, c.key); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
	}
}

// FuzzNear: whatever the text, no fact is the value, or is unfit to be shown.
func FuzzNear(f *testing.F) {
	f.Add([]byte("DB_USER=app\nDB_PASSWORD=V1V2V3\n"), uint16(12), uint8(11), uint8(1), uint8(6))
	f.Add([]byte("- value: V1V2V3\n  name: password\n"), uint16(24), uint8(8), uint8(0), uint8(6))
	f.Fuzz(func(t *testing.T, text []byte, at uint16, n, gap, size uint8) {
		key := [2]int{int(at), int(at) + int(n)}
		value := [2]int{key[1] + int(gap), key[1] + int(gap) + int(size)}
		if value[1] > len(text) || value[0] == value[1] {
			return
		}
		for _, pair := range [][2][2]int{{key, value}, {value, key}} {
			facts := Near(text, pair[0], pair[1])
			secret := text[pair[1][0]:pair[1][1]]
			for _, fact := range facts {
				if len(secret) > 3 && bytes.Contains([]byte(fact), secret) || strings.ContainsAny(fact, "\n\x00 ") {
					t.Fatalf("%q beside %q", fact, secret)
				}
			}
		}
	})
}

func BenchmarkNear(b *testing.B) {
	line := "	handler.serve(request, response); // the user's name and the host\n"
	text := []byte(strings.Repeat(line, 12) + "DB_USER=app\nDB_PASSWORD=V1V2V3\n" + strings.Repeat(line, 12))
	k, v := bytes.Index(text, []byte("DB_PASS")), bytes.Index(text, []byte("V1V2V3"))
	b.ReportAllocs()
	for b.Loop() {
		Near(text, [2]int{k, k + 11}, [2]int{v, v + 6})
	}
}

package assign

import (
	"bytes"
	"strings"
	"testing"
)

// Each line was a false finding in some public repository; the answer is what
// takes it out, whatever the weights say.
func TestElsewhere(t *testing.T) {
	for line, want := range map[string]string{
		`"arn:aws:secretsmanager:eu-west-1:123456789012:secret:ShopDatabase-a1b2c3"`: "reference",
		`rest_password: !unsafe "{{ rest_password }}"`:                               "reference",
		`resetPassword.info.yml:0:0:0:0TP:/My`:                                       "name",
		`login(user=admin_user, password=admin_password, verify=no)`:                 "expression",
		`password = f"{password}x"`:                                                  "expression",
		`my $pass_word_password = "$config{'WIKI_PASSW'}";`:                          "expression",
		`TASK_ROOT_KEY = "LAMBDA_TASK_ROOT"`:                                         "constant",
		`<input #password id="newPassword" required>`:                                "attribute",
		"- Tests pass: `npm test`, `npm run lint`":                                   "prose",
		`paddedTokens = 'M D H h m s w W'.split(' ')`:                                "prose",
		`$lang['login_password'] = 'Zaboravili ste lozinku?';`:                       "prose",
		`* password: Write-only field used to change it`:                             "prose",
		`grep for sk_live, AKIA, password= before a commit`:                          "prose",
		`DB_PASSWORD = "Copper-Raven"`:                                               "",
		`password: "Mr. N00dles"`:                                                    "",
		`db_password="{x9}k!Qv{"`:                                                    "",
		`API_KEY=XKQJ_ZPWV_QJXK`:                                                     "",
	} {
		found := false
		for a, text := range assignmentsOf(line) {
			found = true
			if got := a.elsewhere(text); got == want {
				want = "\x00" // seen
			}
		}
		if !found || want != "\x00" {
			t.Errorf("%s: assignment %v, or another answer than %q", line, found, want)
		}
	}
}

// assignmentsOf reads a line at each of its keywords.
func assignmentsOf(line string) map[Assignment][]byte {
	text := []byte("\n" + line + "\n")
	low := bytes.ToLower(text)
	all := map[Assignment][]byte{}
	for _, k := range Keywords() {
		for at := strings.Index(string(low), k); at >= 0; {
			if a, ok := Parse(text, at, at+len(k)); ok {
				all[a] = text
			}
			next := strings.Index(string(low[at+1:]), k)
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	return all
}

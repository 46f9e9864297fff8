package assign

import (
	"encoding/base64"
	"testing"
)

// What a value is a part of, and why that takes it out. Each was a false finding in
// distribution files or sources.
func TestWithin(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for line, want := range map[string]string{
		`assert conf =~ ~r/password: "some!Passkey"/`:                    "pattern",
		`expect(out).toMatch(/password=hunter5/)`:                        "pattern",
		`{'sudo': {'password': sudo_pass}}`:                              "expression",
		`fields = {"password", "hostname", "port"}`:                      "expression",
		`pr_debug("token: 0x%.8lx mmio: 0x%lx\n",`:                       "reference",
		`name = x.token = "Client-{0}-{1}".format(a, b)`:                 "reference",
		`{{ with secret "kv/apps/perm-denied" }}`:                        "reference",
		`log_pass "module loaded again"`:                                 "prose",
		`// Passphrase: 'passphrase' should be left unset`:               "prose",
		`echo "PASS: macsec"`:                                            "prose",
		`https://ci.test/graph/badge.svg?token=` + random(1, 20):         "name",
		`credentialproviderv1 "k8s.io/kubelet/pkg/apis/credentials"`:     "reference",
		`signing_key = jd@domain.org`:                                    "name",
		`GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568`:               "hash",
		`AuthTypePassword = "password"`:                                  "name again",
		`v2Token = "v2Token"`:                                            "name again",
		`const mysqlPassword = "` + "*" + hexOf(40) + `"`:                "hash",
		`"password": "md5$seasalt$1e9bf2bf5606aa5c39852cc30f0f6f22"`:     "hash",
		`admin_password: @ADMIN_PASSWORD`:                                "reference",
		`this.renderPass = "translucent"`:                                "name",
		`cost_per_million_tokens_secret: 0.2857142857`:                   "constant",
		`the user is one that is identified by name and region`:          "prose",
		`kwargs['passwords'] = pwdict`:                                   "expression",
		`user = login(user=name, password=password)`:                     "expression",
		`keyring.set_password("demo-service", "tarek", x)`:               "expression",
		`url = "http://auth:5000/v2.0"`:                                  "reference",
		`"token": "Zugangsschlüssel"`:                                    "prose",
		`'password' => 'required|string|min:8|confirmed',`:               "pattern",
		`* src/gpasswd.c: Use-xstrdup instead of`:                        "name",
		`chpasswd.8: documented-option-root here`:                        "name",
		`d_pwpasswd='define'`:                                            "constant",
		`passwd: possibly-insecure-handling [usr/bin/x]`:                 "prose",
		`$pass = '-anonymous@'`:                                          "constant",
		`pr_debug("RIO_PW: SP%d_ERR=0x%08x\n",`:                          "reference",
		`"AppPassword": f"{APP_V2_OID}13"`:                               "expression",
		`secret_key: "Optional[str]" = None`:                             "expression",
		`"basic-auth": "~1.0.4"`:                                         "constant",
		`token_bound: "127.0.0.1/32"`:                                    "name",
		`password_query = SELECT userid AS user, password`:               "name",
		`  DB_PASSWORD: ` + b64("${DB_PASSWORD}"):                        "reference",
		`  DB_PASSWORD: ` + b64("your-secret-here"):                      "placeholder",
		`  DB_PASSWORD: ` + b64("this is not a real password, is it"):    "prose",
		`  DB_PASSWORD: ` + b64(random(1, 18)):                           "",
		`alter user sys identified by ` + random(1, 12) + ` account`:     "",
		`"password": "target_password",`:                                 "name again",
		`POLICY_CREATE_SECRET = 0x00000020`:                              "constant",
		`OVESETUP/password=none:None`:                                    "constant",
		`"autorest --pass-thru:schema-validator-swagger"`:                "name",
		`"nextSequenceToken": "49542672486831074009579604567656788"`:     "name",
		`Repository Key: ` + hexOf(64):                                   "name",
		`AUTH_TOKEN=0c9eb1f2-8f4e-4a0b-9a53-7e1f6b1f2c3d`:                "",
		`"Apitoken": "{\"name\":\"root\",\"sig\":\"` + hexOf(32) + `"}"`: "",
	} {
		if got := verdict(t, line+"\n"); got != want {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// hexOf makes n hex digits.
func hexOf(n int) string {
	b := []byte(random(7, n))
	for i := range b {
		b[i] = "0123456789ABCDEF"[int(b[i])%16]
	}
	return string(b)
}

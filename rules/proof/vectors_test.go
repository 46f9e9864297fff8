package proof

import (
	"encoding/base32"
	"encoding/base64"
	"slices"
	"testing"

	"github.com/oakum-sec/oakum/leak"
)

// Published values, none of them ours: what leaktest and this package could both
// have wrong in the same way.

func TestSumVectors(t *testing.T) {
	// CRC-32 of "123456789" is cbf43926 in every catalogue of CRCs; those of
	// "hello" are from the notes on other tools' transforms.
	for _, c := range []struct{ of, encoding, want string }{
		{"123456789", "hex", "cbf43926"},
		{"123456789", "HEX", "CBF43926"},
		{"123456789", "hex-le", "2639f4cb"},
		{"hello", "hex", "3610a686"},
		{"hello", "base62", "0zNvy2"},
		{"hello", "base64-le", "hqYQNg"},
		{"", "base62", "000000"},
		{"", "base36", "0000000"},
	} {
		sum := Sum{"crc32", c.encoding}
		if ok, err := sum.Verify([]byte(c.of), []byte(c.want)); !ok || err != nil {
			t.Errorf("%s of %q is not %s (%v)", c.encoding, c.of, c.want, err)
		}
	}
	if ok, _ := (Sum{"crc32", "base64-le"}).Verify([]byte("hello"), nil); ok {
		t.Error("an empty sum holds")
	}
	for _, bad := range []Sum{{}, {"crc32", "base63"}, {"md5", "hex"}} {
		if _, err := bad.Verify(nil, nil); err == nil {
			t.Errorf("%+v is no error", bad)
		}
	}
	for _, encoding := range Encodings() {
		if err := (Sum{"crc32", encoding}).Validate(); err != nil {
			t.Error(err)
		}
	}
}

// SymCrypt's test vector for Marvin32.
func TestMarvinVector(t *testing.T) {
	if got := marvin64([]byte("abc"), 0xd53cd9cecd0893b7); got != 0x22c74339492769bf {
		t.Errorf("Marvin32 of abc is %x", got)
	}
}

// "123456789" again: CRC-16/XMODEM is 31c3, CRC-24/OpenPGP 21cf02.
func TestSmallSumVectors(t *testing.T) {
	if got := crc16([]byte("123456789")); got != 0x31c3 {
		t.Errorf("CRC-16/XMODEM is %x", got)
	}
	if got := crc24([]byte("123456789")); got != 0x21cf02 {
		t.Errorf("CRC-24 is %x", got)
	}
}

// BIP 173's valid and invalid strings.
func TestBech32Vectors(t *testing.T) {
	for _, c := range []struct {
		hrp, data string
		ok        bool
	}{
		{"a", "2uel5l", true},
		{"abcdef", "qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", true},
		{"split", "checkupstagehandshakeupstreamerranterredcaperred2y9e3w", true},
		{"split", "checkupstagehandshakeupstreamerranterredcaperred2y9e3x", false},
		{"a", "2uel5b", false},
	} {
		if got := bech32([]byte(c.hrp), []byte(c.data)) == 1; got != c.ok {
			t.Errorf("%s1%s: %v", c.hrp, c.data, got)
		}
	}
}

// The id and account of awsteele.com's article, in two pieces so that no id
// stands here.
func TestAWSAccountVector(t *testing.T) {
	id := "Y34FZKBO" + "KMUTVV7A"
	raw, err := base32.StdEncoding.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	if account, ok := awsAccount(raw); !ok || account != 609629065308 {
		t.Errorf("account %d, %v", account, ok)
	}
	if got := Parse("aws-key-id", []byte("ASIA"+id)); got.Verdict != Holds || !slices.Equal(got.Notes, []string{"temporary", "account 609629065308"}) {
		t.Errorf("%+v", got)
	}
}

// RFC 7519, section 3.1 and 6.1: a token that expired in 2011, and an unsecured one.
func TestJWTVectors(t *testing.T) {
	claims := "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
	signed := "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	got := Parse("jwt", []byte(signed))
	if got.Verdict != Holds || got.Expires.Year() != 2011 || !slices.Contains(got.Notes, "issuer joe") {
		t.Errorf("%+v", got)
	}
	unsecured := Parse("jwt", []byte("eyJhbGciOiJub25lIn0."+claims+"."))
	if unsecured.Verdict != Holds || !slices.Contains(unsecured.Notes, "unsigned (alg none)") {
		t.Errorf("%+v", unsecured)
	}
	for _, cut := range []string{signed[:len(signed)-4], "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + claims + "."} {
		if got := Parse("jwt", []byte(cut)); got.Verdict != Unsure {
			t.Errorf("a token whose signature is cut: %+v", got)
		}
	}
	for payload, want := range map[string]Verdict{
		`{"sub":"1234567890","name":"John Doe","iat":1516239022}`: Fails,
		`{"iss":"supabase","role":"anon"}`:                        Holds,
		`{"iss":"supabase-demo","role":"service_role"}`:           Holds,
	} {
		body := base64.RawURLEncoding.EncodeToString([]byte(payload))
		got := Parse("jwt", []byte("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."+body+".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"))
		if got.Verdict != want || want == Holds && (got.Severity == nil || *got.Severity != leak.Low) {
			t.Errorf("%s: %+v", payload, got)
		}
	}
	jwe := "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA"
	if got := Parse("jwt", []byte(jwe)); got.Verdict != Holds {
		t.Errorf("JWE: %+v", got)
	}
}

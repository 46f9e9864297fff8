package proof

import (
	"encoding/base32"
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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
		sum := Sum{Algo: "crc32", Encoding: c.encoding}
		if ok, err := sum.Verify([]byte(c.of), []byte(c.want)); !ok || err != nil {
			t.Errorf("%s of %q is not %s (%v)", c.encoding, c.of, c.want, err)
		}
	}
	if ok, _ := (Sum{Algo: "crc32", Encoding: "base64-le"}).Verify([]byte("hello"), nil); ok {
		t.Error("an empty sum holds")
	}
	for _, bad := range []Sum{{}, {Algo: "crc32", Encoding: "base63"}, {Algo: "md5", Encoding: "hex"}, {Algo: "marvin32", Encoding: "hex"}, {Algo: "crc32", Encoding: "hex", Seed: "Default0"}} {
		if _, err := bad.Verify(nil, nil); err == nil {
			t.Errorf("%+v is no error", bad)
		}
	}
	for _, encoding := range Encodings() {
		if err := (Sum{Algo: "crc32", Encoding: encoding}).Validate(); err != nil {
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

// BIP 350's strings, valid under it and invalid, and one of BIP 173.
func TestBech32Parser(t *testing.T) {
	for text, want := range map[string]Verdict{
		"A1LQFN3A": Holds, "a1lqfn3a": Holds, "A1lqfn3a": Fails, "a1lqfn3b": Fails,
		"abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx":                Holds,
		"split1checkupstagehandshakeupstreamerranterredcaperredlc445v": Holds,
		"split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w": Holds,
		"qyrz8wqd2c9m": Fails, "1qyrz8wqd2c9m": Fails, "in1muywd": Fails,
	} {
		if got := Parse("bech32", []byte(text)).Verdict; got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
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

// The vector that microsoft/security-utilities generates its Entra examples from,
// in pieces so that no secret stands here.
func TestEntraVector(t *testing.T) {
	sum := Sum{Algo: "marvin32", Encoding: "base66", Seed: "AadPwd00"}
	if ok, err := sum.Verify([]byte("zzz8"+"Q~"+strings.Repeat("z", 31)), []byte("blP")); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// Test vectors 1 of BIP 32 and the key of the Bitcoin wiki's page on the format,
// both published and in pieces.
func TestBase58Vectors(t *testing.T) {
	for value, note := range map[string]string{
		"xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChk" + "VvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi": "master key",
		"5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhT" + "VqvbTLvyTJ":                                                             "main network",
	} {
		if got := Parse("base58check", []byte(value)); got.Verdict != Holds || !slices.Contains(got.Notes, note) {
			t.Errorf("%s: %+v", note, got)
		}
	}
}

// The key that Go's own tests serve TLS with, which every installation of Go has.
func TestPublishedKey(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "src/net/http/internal/testcert/testcert.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, key, _ := strings.Cut(string(text), "testingKey(`")
	key, _, _ = strings.Cut(key, "`")
	got := Parse("pem", []byte(strings.ReplaceAll(key, "TESTING KEY", "PRIVATE"+" KEY")))
	if got.Verdict == Fails || got.Severity == nil || *got.Severity != leak.Low || !strings.HasPrefix(got.Notes[len(got.Notes)-1], "a key for tests, published at https://go.dev/") {
		t.Errorf("%+v", got)
	}
}

// SEP 23's and BIP 39's published vectors, in pieces.
func TestWalletVectors(t *testing.T) {
	if got := Parse("stellar-seed", []byte("SBU2RRGLXH3E5CQHTD3ODLDF2BWDC"+"YUSSBLLZ5GNW7JXHDIYKXZWHOKR")); got.Verdict != Holds {
		t.Errorf("Stellar: %+v", got)
	}
	phrase := "legal winner thank year wave sausage worth " + "useful legal winner thank yellow"
	if got := Parse("bip39", []byte(phrase)); got.Verdict != Holds {
		t.Errorf("BIP 39: %+v", got)
	}
	if got := Parse("bip39", []byte(strings.Replace(phrase, "yellow", "zebra", 1))); got.Verdict != Fails {
		t.Errorf("BIP 39 with another last word: %+v", got)
	}
}

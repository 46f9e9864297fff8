package scanner_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// testSet is three rules in the shapes that the scanner treats differently: a
// token, an id with a secret beside it, and a name with a value of low worth.
func testSet(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Compile([]rules.Rule{
		{ID: "token", Regex: `\b(?P<value>ghp_[0-9A-Za-z]{36})\b`, Proof: leak.Pattern, Severity: leak.High, Bits: 178, Show: 4},
		{ID: "key-id", Regex: `\b(?P<value>AKIA[A-Z2-7]{16})\b`, Proof: leak.Structural, Severity: leak.High, Public: true, Show: 4,
			Components: []rules.Component{{Rule: "key-secret", Regex: `\b([A-Za-z0-9/+]{40})\b`, Lines: 3, Entropy: 4, Optional: true}}},
		{ID: "key-secret", Regex: `(?P<key>secret_key) = (?P<value>[A-Za-z0-9/+]{40})\b`, Proof: leak.Pattern, Severity: leak.High, Bits: 240},
		{ID: "pair", Regex: `\bpair_(?P<value>[a-z]{10})\b`, Proof: leak.Pattern,
			Components: []rules.Component{{Rule: "key-secret"}}},
		{ID: "named", Regex: `(?P<key>token) = (?P<value>\S{8,60})`, Proof: leak.Generic},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func scan(t testing.TB, opt scanner.Options, texts ...string) ([]*leak.Finding, []*leak.Gap, scanner.Summary) {
	t.Helper()
	var src sourcetest.Memory
	for i, text := range texts {
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("f%d.conf", i), Content: []byte(text)})
	}
	return scanSource(t, opt, src.Plain())
}

func scanSource(t testing.TB, opt scanner.Options, src scanner.Source) (found []*leak.Finding, gaps []*leak.Gap, sum scanner.Summary) {
	t.Helper()
	sum, err := scanner.New(testSet(t), opt).Scan(t.Context(), src, func(e scanner.Event) error {
		if e.Finding != nil {
			found = append(found, e.Finding)
		}
		if e.Gap != nil {
			gaps = append(gaps, e.Gap)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, gaps, sum
}

// is tells whether a secret is the value, without showing either.
func is(s leak.Secret, value string) bool { return s.Equal(leak.NewSecret([]byte(value))) }

var token = leaktest.Must(1, `{{github "ghp_"}}`)

func TestFindingSaysWhere(t *testing.T) {
	found, _, sum := scan(t, scanner.Options{}, "nothing", "a\nbc "+token+" d\n")
	if len(found) != 1 || sum.Blobs != 2 || sum.Findings != 1 {
		t.Fatalf("%d findings, %+v", len(found), sum)
	}
	f := found[0]
	if !is(f.Secret, token) || f.Rule != "token" || f.Hint != "ghp_" || f.Line != 2 || f.Column != 4 || f.EndColumn != 4+len(token) ||
		f.Span != (leak.Span{Start: 5, End: 5 + int64(len(token))}) || f.Place.String() != "f1.conf" || !strings.HasPrefix(f.ID, "v1.") {
		j, _ := json.Marshal(f)
		t.Errorf("%s", j)
	}
}

func TestBetterFindingStands(t *testing.T) {
	found, _, sum := scan(t, scanner.Options{}, "token = "+token)
	if len(found) != 1 || found[0].Rule != "token" || sum.Dropped["overlap"] != 1 {
		t.Errorf("%d findings, %+v", len(found), sum)
	}
}

func TestIdAndSecretArePaired(t *testing.T) {
	id, secret := leaktest.Must(2, `{{awsID "AKIA"}}`), leaktest.Must(3, `{{from "abcdefghijABCDEFGHIJ0123456789" 40}}`)
	for name, text := range map[string]string{
		"under a name": "id = " + id + "\nsecret_key = " + secret + "\n",
		"by its shape": "user," + id + "," + secret + "\n",
		"before it":    "secret_key = " + secret + "\n\nid = " + id,
	} {
		found, _, _ := scan(t, scanner.Options{}, text)
		if len(found) != 1 || found[0].Rule != "key-id" || len(found[0].Parts) != 1 || !is(found[0].Parts[0].Secret, secret) {
			t.Errorf("%s: %d findings, the first with its secret: %v", name, len(found), len(found) > 0 && len(found[0].Parts) > 0)
		}
	}
	found, _, _ := scan(t, scanner.Options{}, "id = "+id+strings.Repeat("\n", 10)+"digest "+strings.Repeat("a", 40))
	if len(found) != 1 || len(found[0].Parts) != 0 {
		t.Errorf("far away or of low entropy: %d findings", len(found))
	}
}

func TestRequiredPart(t *testing.T) {
	secret := leaktest.Must(3, `secret_key = {{from "abcdefghijABCDEFGHIJ0123456789" 40}}`)
	found, _, sum := scan(t, scanner.Options{}, "pair_abcdefghij", "pair_abcdefghij\n"+secret)
	if len(found) != 1 || found[0].Place.String() != "f1.conf" || len(found[0].Parts) != 1 || sum.Dropped["incomplete"] != 1 {
		t.Errorf("%d findings, %+v", len(found), sum)
	}
}

func TestEncodedSecrets(t *testing.T) {
	plain := "user = someone\ntoken here: " + token + "\n"
	b64 := base64.StdEncoding.EncodeToString([]byte(plain))
	wide := []byte{0xFF, 0xFE}
	for _, c := range []byte(plain) {
		wide = append(wide, c, 0)
	}
	for name, text := range map[string]string{
		"base64":                     "data: " + b64,
		"base64, twice":              "data: " + base64.StdEncoding.EncodeToString([]byte("data: "+b64)),
		"utf-16le":                   string(wide),
		"percent":                    strings.ReplaceAll(token, "_", "%5f"),
		"unicode-escape":             strings.ReplaceAll(token, "_", `\u005f`),
		"hex":                        fmt.Sprintf("x'%x'", plain),
		"base64 across two windows":  strings.Repeat("word ", (1<<20)/5-10) + b64,
		"a token across two windows": strings.Repeat("word ", (1<<20)/5-5) + token,
	} {
		found, gaps, _ := scan(t, scanner.Options{}, text)
		if len(found) != 1 || !is(found[0].Secret, token) || len(gaps) > 0 {
			t.Errorf("%s: %d findings, %d gaps", name, len(found), len(gaps))
			continue
		}
		if strings.HasPrefix(name, "a token") != (len(found[0].Decoded) == 0) {
			t.Errorf("%s: decoded %v", name, found[0].Decoded)
		}
		span := found[0].Span
		if got := text[span.Start:span.End]; name == "percent" && got != text {
			t.Errorf("%s: stands at %+v", name, span)
		}
	}
	if found, _, _ := scan(t, scanner.Options{NoDecode: true}, "data: "+b64); len(found) != 0 {
		t.Error("NoDecode decodes")
	}
}

func TestEncodedTooDeep(t *testing.T) {
	text := "value is " + token
	for range 4 {
		text = "data: " + base64.StdEncoding.EncodeToString([]byte(text))
	}
	found, gaps, sum := scan(t, scanner.Options{}, text+"\n"+text)
	if len(found) != 0 || len(gaps) != 1 || gaps[0].Code != leak.GapLimit || sum.Failures != 1 {
		t.Errorf("%d findings, %d gaps", len(found), len(gaps))
	}
}

func TestOneBlobOfManySecrets(t *testing.T) {
	var plain strings.Builder
	for seed := range uint64(5) {
		fmt.Fprintf(&plain, "value %d is %s\n", seed, leaktest.Must(seed+10, `{{github "ghp_"}}`))
	}
	found, _, _ := scan(t, scanner.Options{}, base64.StdEncoding.EncodeToString([]byte(plain.String())))
	if len(found) != 5 {
		t.Errorf("%d of 5 secrets of one base64 run are told", len(found))
	}
}

func TestSuppressed(t *testing.T) {
	text := "a = " + token + " # oakum:allow a test double"
	found, _, sum := scan(t, scanner.Options{}, text)
	if len(found) != 1 || found[0].Suppressed == nil || found[0].Suppressed.Reason != "a test double" || sum.Suppressed[leak.SuppressInline] != 1 {
		t.Errorf("%d findings, %+v", len(found), sum)
	}
	if found, _, _ := scan(t, scanner.Options{NoInline: true}, text); len(found) != 1 || found[0].Suppressed != nil {
		t.Error("NoInline suppresses")
	}
}

func TestMinProof(t *testing.T) {
	found, _, sum := scan(t, scanner.Options{MinProof: leak.Pattern}, "token = abcdefghijkl", "x "+token)
	if len(found) != 1 || sum.Dropped["proof"] != 1 {
		t.Errorf("%d findings, %+v", len(found), sum)
	}
}

// A part counts by its whole: the pair is not torn apart by its secret half's proof.
func TestMinProofKeepsParts(t *testing.T) {
	pair := leaktest.Must(4, "id {{awsID \"AKIA\"}}\nsecret_key = {{awsSecret}}\n")
	found, _, _ := scan(t, scanner.Options{MinProof: leak.Structural}, pair)
	if len(found) != 1 || len(found[0].Parts) != 1 {
		t.Errorf("%d findings", len(found))
	}
}

func TestNamesAreScannedAndRedacted(t *testing.T) {
	src := sourcetest.Memory{{Name: "backup-" + token + ".txt", Content: []byte("x " + leaktest.Must(9, `{{github "ghp_"}}`))}}
	found, _, _ := scanSource(t, scanner.Options{}, src.Plain())
	if len(found) != 2 {
		t.Fatalf("%d findings", len(found))
	}
	for _, f := range found {
		j, _ := json.Marshal(f)
		if bytes.Contains(j, []byte(token)) {
			t.Error("a place shows the token in its name")
		}
	}
}

// blobs is a source of blobs and errors made by hand.
type blobs []func() (scanner.Blob, error)

func (s blobs) Blobs(context.Context) iter.Seq2[scanner.Blob, error] {
	return func(yield func(scanner.Blob, error) bool) {
		for _, next := range s {
			if b, err := next(); !yield(b, err) {
				return
			}
		}
	}
}

func opening(name string, size int64, open func() (io.ReadCloser, error)) func() (scanner.Blob, error) {
	return func() (scanner.Blob, error) {
		return scanner.Blob{Place: leak.File{Name: name}, Size: size,
			Open: func(context.Context) (io.ReadCloser, error) { return open() }}, nil
	}
}

type breaking struct{}

func (breaking) Read([]byte) (int, error) { panic("out of range") }
func (breaking) Close() error             { return nil }

func TestWhatIsNotLookedAtIsAGap(t *testing.T) {
	gap := &leak.Gap{Place: leak.File{Name: "locked"}, Class: leak.Boundary, Code: leak.GapEncrypted, Why: errors.New("needs a password")}
	torn := io.MultiReader(strings.NewReader("x "+token+"\n"), strings.NewReader(""))
	_, gaps, sum := scanSource(t, scanner.Options{MaxSize: 1000}, blobs{
		func() (scanner.Blob, error) { return scanner.Blob{}, gap },
		opening("no", -1, func() (io.ReadCloser, error) { return nil, errors.New("permission denied") }),
		opening("own", -1, func() (io.ReadCloser, error) { return nil, gap }),
		opening("large", 1001, nil),
		opening("broken", -1, func() (io.ReadCloser, error) { return breaking{}, nil }),
		opening("torn", -1, func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(torn, iotestErr{})), nil
		}),
	})
	var codes []string
	for _, g := range gaps {
		codes = append(codes, g.Code)
	}
	want := []string{leak.GapEncrypted, leak.GapUnreadable, leak.GapEncrypted, leak.GapLimit, leak.GapUnreadable, leak.GapUnreadable}
	if !slices.Equal(codes, want) || sum.Findings != 1 || sum.Failures != 4 || sum.Boundaries != 2 {
		t.Errorf("gaps %v\nwant %v\n%+v", codes, want, sum)
	}
}

type iotestErr struct{}

func (iotestErr) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestSourceErrorEndsTheScan(t *testing.T) {
	broken := errors.New("the repository is locked")
	seen := 0
	_, err := scanner.New(testSet(t), scanner.Options{}).Scan(t.Context(), blobs{
		opening("a", -1, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x " + token)), nil }),
		func() (scanner.Blob, error) { return scanner.Blob{}, broken },
	}, func(e scanner.Event) error { seen++; return nil })
	if !errors.Is(err, broken) || seen != 1 {
		t.Errorf("told %d events, then %v", seen, err)
	}
}

func TestSinkErrorEndsTheScan(t *testing.T) {
	full := errors.New("disk full")
	var src sourcetest.Memory
	for range 1000 {
		src = append(src, sourcetest.Text{Name: "f", Content: []byte("x " + token)})
	}
	n := 0
	_, err := scanner.New(testSet(t), scanner.Options{}).Scan(t.Context(), src, func(scanner.Event) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("sink was called %d times, scan says %v", n, err)
	}
}

func TestTooManyFindingsInOneText(t *testing.T) {
	var text strings.Builder
	for i := range 10_050 {
		fmt.Fprintf(&text, "token = x%08dabc\n", i)
	}
	found, gaps, _ := scan(t, scanner.Options{}, text.String())
	if len(found) != 10_000 || len(gaps) != 1 || gaps[0].Code != leak.GapLimit {
		t.Errorf("%d findings, %d gaps", len(found), len(gaps))
	}
}

func TestMemoryConforms(t *testing.T) {
	var src sourcetest.Memory
	for i := range 200 {
		text := strings.Repeat("some text\n", i*37%800)
		if i%5 == 0 {
			text += leaktest.Must(uint64(i), `x {{github "ghp_"}} y`) + "\n" + text
		}
		if i%7 == 0 {
			text += base64.StdEncoding.EncodeToString([]byte(leaktest.Must(uint64(i), `this is it: {{github "ghp_"}}`)))
		}
		src = append(src, sourcetest.Text{Name: fmt.Sprintf("d/f%03d", i), Content: []byte(text)})
	}
	for name, src := range map[string]scanner.Source{"plain": src.Plain(), "probed": src, "edited": src.Edited(), "deltas": src.Deltas()} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, testSet(t), 200, func(*testing.T) scanner.Source { return src })
		})
	}
}

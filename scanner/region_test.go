package scanner_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/leak/leaktest"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/sourcetest"
)

// regional is texts of which it is known where a scan has to look.
type regional struct {
	sourcetest.Memory
	regions [][]leak.Span
}

func (r regional) Narrow(ctx context.Context, n scanner.Narrower) error {
	var workers sync.WaitGroup
	for worker := range n.Jobs() {
		workers.Go(func() {
			for i := len(r.Memory) - 1 - worker; i >= 0; i -= n.Jobs() {
				b := textBlob(r.Memory[i].Name, "")
				n.Look(ctx, worker, int64(i), b, r.Memory[i].Content, r.regions[i])
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// add takes a text in, its regions widened at random and some of them in two.
func (r *regional) add(rnd *rand.Rand, text string, spots []leak.Span) {
	var regions []leak.Span
	for _, s := range spots {
		low := int64(0)
		if n := len(regions); n > 0 {
			low = regions[n-1].End
		}
		s.Start = max(low, s.Start-rnd.Int64N(60))
		s.End = min(int64(len(text)), s.End+rnd.Int64N(60))
		if s.Start >= s.End {
			continue
		}
		regions = append(regions, s)
	}
	r.Memory = append(r.Memory, sourcetest.Text{Name: fmt.Sprintf("d/f%03d.conf", len(r.Memory)), Content: []byte(text)})
	if regions == nil {
		regions = []leak.Span{}
	}
	r.regions = append(r.regions, regions)
}

// spotted makes texts of about n bytes, with spots where there is something.
func spotted(rnd *rand.Rand, n, gap int) (string, []leak.Span) {
	var text strings.Builder
	var spots []leak.Span
	for seed := rnd.Uint64N(1 << 30); text.Len() < n; seed++ {
		for range rnd.IntN(gap) {
			text.WriteString([]string{"some words ", "of text\n", "x, (y)\n\n"}[rnd.IntN(3)])
		}
		piece := leaktest.Must(seed, []string{
			`a {{github "ghp_"}} b`,
			`token = {{github "ghp_"}} # oakum:allow a test`,
			"id = {{awsID \"AKIA\"}}\nsecret_key = {{from \"abcdefghijABCDEFGHIJ0123456789\" 40}}\n",
			`u,{{awsID "AKIA"}},{{from "abcdefghijABCDEFGHIJ0123456789+/" 40}} `,
			"pair_{{from \"abc\" 10}}\n",
			`token = {{from "abcdefgh" 30}}{{github "ghp_"}}`,
			`ghp%5f{{from "ABCDEFGHabcd0123456789" 36}} `,
		}[rnd.IntN(7)])
		if rnd.IntN(5) == 0 {
			piece = "d: " + base64.StdEncoding.EncodeToString([]byte("this is it: "+piece+" and no more")) + " "
		}
		spots = append(spots, leak.Span{Start: int64(text.Len()), End: int64(text.Len() + len(piece))})
		text.WriteString(piece)
	}
	return text.String(), spots
}

// A text that is looked at in its regions gives what all of it gives, small or
// many windows large.
func TestRegionsTellWhatTheWholeTells(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var src regional
	for i := range 60 {
		text, spots := spotted(rnd, 100+i*40, 1+i)
		src.add(rnd, text, spots)
	}
	for _, gap := range []int{50, 5000, 100_000} {
		text, spots := spotted(rnd, 3<<20, gap)
		src.add(rnd, text, spots)
	}
	src.add(rnd, strings.Repeat("nothing\n", 1000), nil)
	src.add(rnd, "", nil)
	sourcetest.Run(t, testSet(t), len(src.Memory), func(*testing.T) scanner.Source { return src })
}

// Of more findings than are told the same are told, wherever the windows end.
func TestRegionsOfTooMany(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var src regional
	for _, gap := range []int{1, 2, 30} {
		var text strings.Builder
		var spots []leak.Span
		for i := range 10_200 {
			text.WriteString(strings.Repeat("fill ", rnd.IntN(gap)))
			piece := fmt.Sprintf("token = x%08dabc\n", i)
			if i%100 == 0 {
				piece = "d " + base64.StdEncoding.EncodeToString([]byte("it is "+leaktest.Must(uint64(i), `{{github "ghp_"}}`)+" here")) + "\n"
			}
			spots = append(spots, leak.Span{Start: int64(text.Len()), End: int64(text.Len() + len(piece))})
			text.WriteString(piece)
		}
		src.add(rnd, text.String(), spots)
	}
	sourcetest.Run(t, testSet(t), len(src.Memory), func(*testing.T) scanner.Source { return src })
	_, gaps, _ := scanSource(t, scanner.Options{}, src)
	if len(gaps) != len(src.Memory) {
		t.Errorf("%d gaps of %d texts", len(gaps), len(src.Memory))
	}
}

// UTF-16 is decoded whole; its bytes are counted as they stand, by either way.
func TestUTF16InMemory(t *testing.T) {
	wide := func(s string) (out []byte) {
		for _, u := range utf16.Encode([]rune(s)) {
			out = binary.LittleEndian.AppendUint16(out, u)
		}
		return out
	}
	large := wide("\uFEFF" + strings.Repeat("plain words\n", 200_000) + "x " + token + "\n")
	var src regional
	for _, content := range [][]byte{wide("\uFEFFx " + token), wide("without a mark, x " + token + " y"), large, {0xFF, 0xFE}, append(large[:5001:5001], 'x')} {
		src.Memory = append(src.Memory, sourcetest.Text{Name: fmt.Sprintf("f%d", len(src.Memory)), Content: content})
		src.regions = append(src.regions, nil)
	}
	sourcetest.Run(t, testSet(t), len(src.Memory), func(*testing.T) scanner.Source { return src })
	found, _, sum := scanSource(t, scanner.Options{}, src.Plain())
	size := int64(0)
	for _, text := range src.Memory {
		size += int64(len(text.Content))
	}
	if len(found) != 3 || sum.Bytes != size {
		t.Errorf("%d findings, %d bytes of %d", len(found), sum.Bytes, size)
	}
}

// Size limits, binaries and names count for texts in memory, too.
func TestOptionsInMemory(t *testing.T) {
	text := "x " + token + "\n"
	src := regional{
		Memory: sourcetest.Memory{
			{Name: "large", Content: []byte(text + strings.Repeat("more ", 1000))},
			{Name: "binary", Content: []byte("\x7fELF\x00\x00\x01token = abcdefghijkl\x00" + text)},
			{Name: "backup-" + token + "/large", Content: []byte(strings.Repeat("more ", 1000))},
			{Name: "backup-" + token + "/small", Content: []byte(text)},
		},
		regions: [][]leak.Span{nil, nil, {}, {}},
	}
	whole := src
	whole.regions = make([][]leak.Span, 4)
	opt := scanner.Options{MaxSize: 1000}
	plain, _, want := scanSource(t, opt, src.Plain())
	found, gaps, sum := scanSource(t, opt, whole)
	if fmt.Sprint(sum) != fmt.Sprint(want) || len(found) != len(plain) || len(gaps) != 2 || len(found) != 4 {
		t.Errorf("%d findings of %d, %+v\nwant %+v", len(found), len(plain), sum, want)
	}
	for _, g := range gaps {
		if strings.Contains(g.Error(), token) {
			t.Error("a gap shows the token in the file's name")
		}
	}
	if found, _, _ = scanSource(t, opt, src); len(found) != 3 {
		t.Errorf("%d findings where a text is looked at for its name alone, not 3", len(found))
	}
}

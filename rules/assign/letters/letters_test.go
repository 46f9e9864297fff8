package letters

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/oakum-sec/oakum/leak/leaktest"
)

// drawn makes values of each sort that the model was not counted on.
var drawn = map[Sort][]string{
	Random:   {"{{alnum 24}}", "{{alnumLower 32}}", "{{randomPassword 20}}", "{{base64url 40}}"},
	Hex:      {"{{hex 32}}", "{{hex 40}}", "{{hexUpper 32}}", "{{hex 64}}"},
	Base64:   {"{{b64 (alnum 30)}}", "{{base64 44}}"},
	Password: {"{{password}}"},
	Words:    {"{{word}} {{word}} {{word}}", "{{word}}"},
}

// Values that a machine drew are told from words and from what people make up in all
// but a few of many; which machine matters less.
func TestChance(t *testing.T) {
	for sort, templates := range drawn {
		right, tried := 0, 0
		for _, tmpl := range templates {
			for seed := range uint64(300) {
				s := Of([]byte(leaktest.Must(seed, tmpl)))
				tried++
				if (s.Chance() > 0) == (sort >= Random) {
					right++
				}
			}
		}
		if tried < 300 || right*100 < tried*97 {
			t.Errorf("%s: %d of %d told from the others", sort, right, tried)
		}
	}
}

func TestSort(t *testing.T) {
	for value, want := range map[string]Sort{
		"documentation": Words, "several words of a sentence": Words,
		"getUserPassword": Identifier, "user_access_token": Identifier, "my-secret-value": Identifier, "org.apache.http.client": Identifier,
		leaktest.Must(1, "{{password}}"): Password, "Summer" + "2024!": Password, "P@ssw" + "0rd": Password,
		leaktest.Must(1, "{{hex 40}}"): Hex, leaktest.Must(1, "{{b64 (alnum 40)}}"): Base64, leaktest.Must(3, "{{alnumLower 32}}"): Random,
	} {
		if s := Of([]byte(value)); s.Sort() != want {
			t.Errorf("%s: looks like %s", value, s.Sort())
		}
	}
}

// A value's end counts, what is behind Most does not.
func TestMost(t *testing.T) {
	long := strings.Repeat("a7Q_", 100)
	if Of([]byte(long)) != Of([]byte(long[:Most])) {
		t.Error("bytes behind Most have a say")
	}
	if s := Of(nil); s.Sort() >= Random {
		t.Error("nothing at all looks random")
	}
}

func TestAllocatesNothing(t *testing.T) {
	value := []byte(leaktest.Must(1, "{{alnum 40}}"))
	if n := testing.AllocsPerRun(100, func() { Of(value) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The same counts give the same bytes, of the size that Of reads.
func TestModel(t *testing.T) {
	var a, b Counts
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		v := make([]byte, rng.IntN(100))
		for i := range v {
			v[i] = byte(rng.Uint32())
		}
		a.Add(Sort(rng.IntN(int(Sorts))), v, 1)
	}
	b = a
	if len(a.Model()) != size || string(a.Model()) != string(b.Model()) {
		t.Errorf("a model has %d bytes, not %d, or differs", len(a.Model()), size)
	}
	if len(model) != size {
		t.Errorf("model.bin has %d bytes, not %d: go run ./assignment -stage letters -write in tools/learn", len(model), size)
	}
}

func BenchmarkOf(b *testing.B) {
	for _, tmpl := range []string{"{{password}}", "{{alnum 20}}", "{{hex 40}}", "{{alnum 64}}"} {
		value := []byte(leaktest.Must(1, tmpl))
		b.Run(tmpl, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Of(value)
			}
		})
	}
}

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain is also the program that the tests run: it does what the words in
// BENCH_CHILD say.
func TestMain(m *testing.M) {
	for word := range strings.FieldsSeq(os.Getenv("BENCH_CHILD")) {
		act, value, _ := strings.Cut(word, "=")
		n, _ := strconv.Atoi(value)
		switch act {
		case "say":
			fmt.Fprintln(os.Stderr, value)
		case "hold": // so many MB, for a while
			b := make([]byte, n<<20)
			for i := 0; i < len(b); i += 4 << 10 {
				b[i] = 1
			}
			time.Sleep(10 * sampled)
			runtime.KeepAlive(b)
		case "spin": // so many ms of CPU
			for began := time.Now(); time.Since(began) < time.Duration(n)*time.Millisecond; {
			}
		case "sleep":
			time.Sleep(time.Duration(n) * time.Millisecond)
		case "exit":
			os.Exit(n)
		}
	}
	if os.Getenv("BENCH_CHILD") == "" {
		os.Exit(m.Run())
	}
}

func child(does ...string) Program {
	p := Program{Name: "child"}
	for _, words := range does {
		p.Steps = append(p.Steps, Step{Args: []string{os.Args[0]}, Env: []string{"BENCH_CHILD=" + words}})
	}
	return p
}

func mustRun(t *testing.T, p Program) Cost {
	t.Helper()
	c, err := p.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRunTellsHowItEnded(t *testing.T) {
	for _, c := range []struct {
		name   string
		p      Program
		exit   int
		failed bool
		said   string
	}{
		{"well", child("say=hello"), 0, false, ""},
		{"with an exit code", child("say=hello say=cause exit=3"), 3, true, "cause"},
		{"with one that is fine", Program{Steps: child("say=hello exit=3").Steps, Fine: []int{1, 3}}, 3, false, ""},
		{"with words that mean failure", Program{Steps: child("say=fatal:x say=end exit=1").Steps, Fine: []int{1}, Died: "fatal"}, 1, true, "fatal:x"},
		{"in its first step", child("say=first exit=2", "say=second exit=4"), 2, true, "first"},
		{"in its last step", child("exit=0", "exit=4"), 4, true, ""},
		{"too late", Program{Steps: child("sleep=60000").Steps, Limit: 50 * time.Millisecond}, -1, true, "ended after 50ms, the time that it was given"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := mustRun(t, c.p)
			if got.Exit != c.exit || got.Failed != c.failed || got.Said != c.said {
				t.Errorf("exit %d, failed %v, said %q; expected %d, %v, %q", got.Exit, got.Failed, got.Said, c.exit, c.failed, c.said)
			}
		})
	}
}

func TestRunMeasures(t *testing.T) {
	const held, spun = 96, 50
	c := mustRun(t, child(fmt.Sprint("hold=", held), fmt.Sprint("spin=", spun)))
	if c.CPU <= 0 || c.Wall < (spun+100)*time.Millisecond {
		t.Errorf("both steps took %s wall and %s CPU", c.Wall, c.CPU)
	}
	if runtime.GOOS == "windows" {
		return // tells no memory
	}
	if c.Peak < held<<20 {
		t.Errorf("the peak of %d MB held is %d bytes", held, c.Peak)
	}
	if runtime.GOOS == "linux" && c.Anon < held<<20 {
		t.Errorf("of %d MB held %d bytes were seen", held, c.Anon)
	}
}

func TestRunStartsNothing(t *testing.T) {
	if _, err := Command("none", "", nil, "/no/such/program").Run(t.Context()); err == nil {
		t.Error("a program that is not there ran")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := child("exit=0").Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

func TestTurnsTakeTurns(t *testing.T) {
	var order strings.Builder
	err := Turns(t.Context(), 2, []Program{child("exit=0"), child("exit=5")}, func(turn, program int, c Cost) error {
		fmt.Fprintf(&order, "%d%d%d ", turn, program, c.Exit)
		return nil
	})
	if got, want := order.String(), "000 015 100 115 "; err != nil || got != want {
		t.Errorf("order %q, %v; expected %q", got, err, want)
	}
}

func TestBest(t *testing.T) {
	if _, err := Best(t.Context(), 1, child("say=cause exit=5")); err == nil || !strings.Contains(err.Error(), "cause") {
		t.Errorf("a program that fails: %v", err)
	}
	costs, err := Best(t.Context(), 2, child("sleep=20"))
	if err != nil || costs[0].Wall < 20*time.Millisecond {
		t.Errorf("%v, %v", costs, err)
	}
}

package report

import (
	"encoding/xml"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/oakum-sec/oakum/leak"
)

// The page loads nothing: it names no other file but in links that a person
// clicks, and its policy forbids all else.
func TestHTMLLoadsNothing(t *testing.T) {
	out := write(t, sample(), "html", Options{})
	for _, tag := range regexp.MustCompile(`<[a-z]+[^>]*\s(?:src|href|action|background|poster|data|srcset|style)=[^>]*>`).FindAllString(out, -1) {
		if !strings.HasPrefix(tag, `<a href="#`) && !strings.HasPrefix(tag, `<a href="https://`) && !regexp.MustCompile(`^<a class="chip \w+" href="#`).MatchString(tag) {
			t.Errorf("the page has %s", tag)
		}
	}
	for _, word := range []string{"@import", "url(", "<link", "<img", "<iframe", "<object", "fetch(", "XMLHttpRequest", "import("} {
		if strings.Contains(out, word) {
			t.Errorf("the page has %s", word)
		}
	}
	if !strings.Contains(out, "default-src &#39;none&#39;") {
		t.Error("no Content-Security-Policy that forbids requests")
	}
	if n := strings.Count(out, "<script>"); n != 1 {
		t.Errorf("%d scripts", n)
	}
}

// The policy knows the style and the script by the hash of what stands between
// the tags: one byte's difference, and a browser runs neither.
func TestHTMLPolicyFitsThePage(t *testing.T) {
	out := write(t, sample(), "html", Options{})
	for _, tag := range []string{"style", "script"} {
		_, rest, _ := strings.Cut(out, "<"+tag+">")
		content, _, _ := strings.Cut(rest, "</"+tag+">")
		if len(content) < 100 || !strings.Contains(out, strings.ReplaceAll(hashOf(content), "+", "&#43;")) {
			t.Errorf("the policy does not hold the hash of the page's %s", tag)
		}
	}
}

func TestHTMLEscapesTheTarget(t *testing.T) {
	d := sample()
	evil := `</code><script>alert(1)</script><img src=x onerror=alert(1)>`
	d.Findings[0].Place = leak.File{Name: evil}
	d.Findings[0].Origin.Subject, d.Findings[0].Key, d.Findings[0].Notes = evil, evil, []string{evil}
	d.Targets[0].Path, d.Notices[0].Text = evil, evil
	d.Rules[0].RotateURL = "javascript:alert(1)"
	out := write(t, d, "html", Options{})
	if strings.Contains(out, "<script>alert") || strings.Contains(out, "<img") || strings.Contains(out, "javascript:") {
		t.Error("text of the target became markup")
	}
	if !strings.Contains(out, "&lt;script&gt;alert(1)") {
		t.Error("the text is not there at all")
	}
}

// Every link into the page leads to something that is on it.
func TestHTMLLinksLeadSomewhere(t *testing.T) {
	out := write(t, sample(), "html", Options{})
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(out, -1)
	if len(links) < 6 {
		t.Fatalf("%d links within the page", len(links))
	}
	for _, l := range links {
		if strings.Count(out, `id="`+l[1]+`"`) != 1 {
			t.Errorf("#%s is on the page %d times", l[1], strings.Count(out, `id="`+l[1]+`"`))
		}
	}
}

func TestHTMLSaysWhatIsMissing(t *testing.T) {
	out := write(t, sample(), "html", Options{})
	for _, want := range []string{"Not everything was looked at", "another repository", "suppressed", "oakum hook install", "oakum allow add v1."} {
		if !strings.Contains(out, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if clean := write(t, &Document{Result: Result{Complete: true}}, "html", Options{}); !strings.Contains(clean, "No credential was found") || strings.Contains(clean, "What to do next") {
		t.Error("the page of a clean scan does not read as one")
	}
}

func TestTimelineCountsEveryDatedFinding(t *testing.T) {
	var findings []*leak.Finding
	for year := 2000; year < 2030; year++ {
		for month := time.January; month <= time.December; month += 3 {
			f := &leak.Finding{Sighting: leak.Sighting{Place: leak.Stdin{}, Reach: leak.Reachable, Origin: &leak.Origin{Date: time.Date(year, month, 1, 0, 0, 0, 0, time.UTC), AtHead: month == time.January}}}
			findings = append(findings, f)
		}
	}
	for n, bars := range map[int]int{1: 1, 36: 36, 37: 10, 120: 30} {
		line := timelineOf(findings[:n])
		sum, open := 0, 0
		for _, b := range line.Bars {
			sum, open = sum+b.Count, open+b.Open
			if b.Y < barTop || b.H < 2 || b.Y+b.H != barBottom || b.OpenH > b.H {
				t.Errorf("a bar lies outside: %+v", b)
			}
		}
		if len(line.Bars) != bars || sum != n || open != (n+3)/4 {
			t.Errorf("%d findings: %d bars, %d counted, %d open", n, len(line.Bars), sum, open)
		}
	}
	if timelineOf([]*leak.Finding{{}}) != nil {
		t.Error("a timeline of nothing dated")
	}
}

// Values are escaped by context; what comes out must be well-formed but for the
// void elements of HTML.
func TestHTMLIsWellFormed(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(write(t, sample(), "html", Options{})))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	elements := 0
	for {
		tok, err := d.Token()
		if tok == nil {
			if err.Error() != "EOF" {
				t.Error(err)
			}
			break
		}
		if _, ok := tok.(xml.StartElement); ok {
			elements++
		}
	}
	if elements < 60 {
		t.Errorf("%d elements", elements)
	}
}

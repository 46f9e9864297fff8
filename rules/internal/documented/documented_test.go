package documented

import (
	"net/url"
	"strings"
	"testing"
)

// Each line is eight bytes in hex and the page.
func TestExamples(t *testing.T) {
	lines := 0
	for line := range strings.Lines(examples) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		lines++
		hash, page, _ := strings.Cut(line, " ")
		at, err := url.Parse(page)
		if len(hash) != 16 || strings.Trim(hash, "0123456789abcdef") != "" || err != nil || at.Scheme != "https" {
			t.Errorf("not a hash and a page: %s", line)
		}
	}
	if values, of := Pages(); values != lines || values < 90 || of < 25 {
		t.Errorf("%d values of %d pages in %d lines", values, of, lines)
	}
}

// Values that pages print, in pieces so that none stands here.
func TestPage(t *testing.T) {
	for value, page := range map[string]string{
		"ghs_16C7e42F292c6912E77" + "10c838347Ae178B4a":                                                 "docs.github.com",
		"sk_test_4eC39HqLy" + "jWDarjtT1zdp7dc":                                                         "docs.stripe.com",
		"yAnz5TF+lXXJte14tji3z" + "lMNq+hd2rYUIgJBgB3fBmk=":                                             "man7.org",
		"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OU" + "zFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==": "azurite",
		"C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD" + "4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==": "emulator",
		"test test test test test test test test test test test junk":                                   "hardhat.org",
		"nWGxne_9WmC6hEr0kuwsxE" + "RJxWl7MmkZcDusAxyuf2A":                                              "rfc8037",
	} {
		if got := Page([]byte(value)); !strings.Contains(got, page) {
			t.Errorf("the example of %s: %q", page, got)
		}
	}
	if got := Page([]byte("another value")); got != "" {
		t.Error(got)
	}
}

package leaf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Dotenv is what motdotla/dotenv, python-dotenv, godotenv and docker compose
// agree on: KEY=VALUE lines, "export", three kinds of quotes over several lines,
// and comments behind white space. Where they do not (a # within a value without
// quotes ends it for some), what is written is quoted.
func Dotenv() Syntax {
	return Syntax{Name: "dotenv", Parse: parseDotenv, Encode: encodeDotenv, Whole: wholeDotenv, Comment: hashComment}
}

var dotenvKey = regexp.MustCompile(`^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*`)

func parseDotenv(src []byte) ([]Leaf, error) {
	var leaves []Leaf
	for at := len(src) - len(bytes.TrimPrefix(src, []byte(bom))); at < len(src); {
		m := dotenvKey.FindSubmatchIndex(src[at:])
		if m == nil {
			at = lineEnd(src, at) + 1
			continue
		}
		l, err := dotenvValue(src, at+m[1])
		if err != nil {
			return nil, fmt.Errorf("read dotenv: line %d: %w", 1+bytes.Count(src[:at], []byte("\n")), err)
		}
		l.Path = Path(nil).Child(string(src[at+m[2] : at+m[3]]))
		leaves = append(leaves, l)
		at = lineEnd(src, l.End) + 1
	}
	return leaves, nil
}

// lineEnd is where the line ends that holds at, before its LF.
func lineEnd(src []byte, at int) int {
	if i := bytes.IndexByte(src[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(src)
}

func dotenvValue(src []byte, at int) (Leaf, error) {
	if at < len(src) {
		for quote, kind := range map[byte]Quote{'\'': Single, '"': Double, '`': Back} {
			if src[at] != quote {
				continue
			}
			end := dotenvQuote(src, at, quote)
			if end < 0 {
				return Leaf{}, errors.New("the quote does not end")
			}
			if rest := strings.TrimSpace(string(src[end:lineEnd(src, end)])); rest != "" && rest[0] != '#' {
				break // "a" b: quotes are part of the value, as docker's --env-file has it
			}
			value := string(src[at+1 : end-1])
			if kind == Double {
				value = dotenvUnescape.Replace(value)
			}
			return Leaf{Kind: "string", Value: value, Start: at, End: end, Quote: kind}, nil
		}
	}
	line := string(src[at:lineEnd(src, at)])
	if i := strings.Index(line, " #"); i >= 0 {
		line = line[:i]
	}
	if i := strings.Index(line, "\t#"); i >= 0 {
		line = line[:i]
	}
	line = strings.TrimRight(line, " \t\r")
	return Leaf{Kind: "string", Value: line, Start: at, End: at + len(line)}, nil
}

var dotenvUnescape = strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\t`, "\t", `\"`, `"`, `\$`, "$", `\\`, `\`)

// dotenvQuote is where the quoted value that begins at at ends, or -1.
func dotenvQuote(src []byte, at int, quote byte) int {
	for i := at + 1; i < len(src); i++ {
		switch {
		case src[i] == '\\' && quote == '"':
			i++
		case src[i] == quote:
			return i + 1
		}
	}
	return -1
}

func encodeDotenv(l Leaf, before, text, after string) (string, bool) {
	switch l.Quote {
	case Double:
		return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text), true
	case Single, Back: // nothing is replaced in '…', so ${NAME} cannot stand there
		return text, !strings.ContainsAny(text, "'`$\n")
	}
	return text, !strings.ContainsAny(before+text+after, "#'\"`\\ \t\r\n")
}

func wholeDotenv(l Leaf, text string) (string, bool) {
	plain := strings.ReplaceAll(text, "${", "")
	if strings.ContainsAny(text, "\"\\`\n") || l.Quote != Plain && strings.Contains(plain, "$") {
		return "", false
	}
	return `"` + text + `"`, true
}

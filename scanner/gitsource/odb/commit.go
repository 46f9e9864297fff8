package odb

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner/gitsource/object"
)

// Commit is what a commit object says of its place in history.
type Commit struct {
	Tree    ID
	Parents []ID
	When    int64 // the committer's clock, in seconds since 1970
}

// ReadCommit reads and parses a commit.
func (db *DB) ReadCommit(id ID) (Commit, error) {
	kind, raw, err := db.Read(id)
	if err != nil {
		return Commit{}, err
	}
	c, err := ParseCommit(raw)
	if kind != object.Commit {
		err = errCommit
	}
	if err != nil {
		err = fmt.Errorf("read object %s: %w: it %w", id, ErrDamaged, err)
	}
	return c, err
}

// Peel follows tags to what they are about.
func (db *DB) Peel(id ID) (ID, error) {
	for range maxTags {
		kind, raw, err := db.Read(id)
		if err != nil || kind != object.Tag {
			return id, err
		}
		if id, err = ParseTag(raw); err != nil {
			return id, err
		}
	}
	return id, errors.New("tags nest too deep")
}

// maxTags is how deep tags of tags are followed: nobody nests ten.
const maxTags = 100

var errCommit = errors.New("does not parse as a commit")

// ParseCommit reads the headers that make history. Format: git-commit-tree(1)
// and Documentation/technical of git: lines "key value", an empty one, the message.
func ParseCommit(raw []byte) (c Commit, err error) {
	for line := range headerLines(raw) {
		key, value, _ := bytes.Cut(line, []byte(" "))
		switch string(key) {
		case "tree":
			if c.Tree, err = hexID(value); err != nil {
				return c, errCommit
			}
		case "parent":
			p, err := hexID(value)
			if err != nil {
				return c, errCommit
			}
			c.Parents = append(c.Parents, p)
		case "committer":
			c.When = whenOf(value)
		}
	}
	if c.Tree.IsZero() {
		return c, errCommit
	}
	return c, nil
}

// headerLines yields the lines before the first empty one.
func headerLines(raw []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(raw) > 0 {
			line, rest, _ := bytes.Cut(raw, []byte("\n"))
			if len(line) == 0 || !yield(line) {
				return
			}
			raw = rest
		}
	}
}

func hexID(b []byte) (ID, error) {
	id, ok := object.FromHex(bytes.TrimRight(b, "\r"))
	if !ok {
		return ID{}, errCommit
	}
	return id, nil
}

// person is who did something and when: "Name <mail> 1700000000 +0100".
type person struct {
	name, mail string
	when       int64
	zone       int // seconds east of UTC
}

func parsePerson(b []byte) (p person) {
	open, shut := mailIn(b)
	if open < 0 {
		return person{name: text(b)}
	}
	p.name, p.mail, p.when = text(b[:open]), text(b[open+1:shut]), whenOf(b)
	fields := strings.Fields(string(b[shut+1:]))
	if len(fields) > 1 {
		z, _ := strconv.Atoi(fields[1])
		p.zone = (z/100*60 + z%100) * 60
	}
	return p
}

// mailIn is where a person's mail is put in brackets; below 0 where it is not.
func mailIn(b []byte) (open, shut int) {
	open, shut = bytes.LastIndexByte(b, '<'), bytes.LastIndexByte(b, '>')
	if open < 0 || shut < open {
		return -1, -1
	}
	return open, shut
}

// whenOf is parsePerson's when. It allocates nothing: of most commits nobody wants
// to know more.
func whenOf(b []byte) int64 {
	_, shut := mailIn(b)
	if shut < 0 {
		return 0
	}
	b = bytes.TrimLeftFunc(b[shut+1:], unicode.IsSpace)
	if end := bytes.IndexFunc(b, unicode.IsSpace); end >= 0 {
		b = b[:end]
	}
	var when int64
	for _, c := range b {
		if c < '0' || c > '9' || len(b) > 18 { // signs, and what has no place in 63 bits
			when, _ = strconv.ParseInt(string(b), 10, 64)
			return when
		}
		when = when*10 + int64(c-'0')
	}
	return when
}

// date is when, zero where no calendar has it: encoders refuse such dates.
func (p person) date() time.Time {
	const lastYear = 253402214400 // 9999-12-31, a day short
	if p.when <= 0 || p.when > lastYear {
		return time.Time{}
	}
	if p.zone < -23*3600 || p.zone > 23*3600 {
		p.zone = 0
	}
	return time.Unix(p.when, 0).In(time.FixedZone("", p.zone))
}

// text makes what a commit says printable as UTF-8.
func text(b []byte) string { return strings.ToValidUTF8(strings.TrimSpace(string(b)), "\uFFFD") }

// Origin tells of a commit or tag what a finding in it needs to know. What is
// no UTF-8 is made so.
func Origin(id ID, raw []byte) *leak.Origin {
	o := &leak.Origin{Commit: id.String()}
	for line := range headerLines(raw) {
		key, value, _ := bytes.Cut(line, []byte(" "))
		if k := string(key); k == "author" || k == "tagger" {
			p := parsePerson(value)
			o.Author, o.Email = p.name, p.mail
			o.Date = p.date()
		}
	}
	_, message, _ := bytes.Cut(raw, []byte("\n\n"))
	subject, _, _ := bytes.Cut(bytes.TrimLeft(message, "\r\n"), []byte("\n"))
	o.Subject = text(subject)
	return o
}

// ParseTag reads what a tag points at.
func ParseTag(raw []byte) (target ID, err error) {
	for line := range headerLines(raw) {
		if value, ok := bytes.CutPrefix(line, []byte("object ")); ok {
			return hexID(value)
		}
	}
	return ID{}, errors.New("does not parse as a tag")
}

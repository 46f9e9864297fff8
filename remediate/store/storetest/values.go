package storetest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/store"
)

// values: what shells, templates and encoders like to change comes back as it was.
func values(ctx context.Context, b *Bench) error {
	for i, v := range []string{
		"trailing newline\n", "  spaces  ", "quotes ' and \" and `", "back\\slash \\n \\u0041", "$HOME ${x} %s %20", "<tag> & more",
		"línea ünïcode 鍵 🔑", "a\tb\r\nc", "null", "{not json", "-----BEGIN X-----\nabc\n-----END X-----\n", "=lead", "@file", strings.Repeat("x", 1000),
	} {
		p, err := b.put(ctx, v, "values")
		if err != nil {
			return err
		}
		s := shop(b.Driver)
		if _, err := s.Create(ctx, p); err != nil {
			return fmt.Errorf("value %d: %w", i, err)
		}
		if err := holds(ctx, s, p.Name, "", v); err != nil {
			return fmt.Errorf("value %d (%q): %w", i, v, err)
		}
	}
	return nil
}

// binary values come back byte for byte, or are refused where the store takes text alone.
func binary(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	v := "\x00\xFF\xFE binary \x80\n"
	p, err := b.put(ctx, v, "binary")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	_, err = s.Create(ctx, p)
	if d.Text {
		return wantCode("create of a binary value where text alone is taken", err, store.InvalidArgument)
	}
	if err != nil {
		return err
	}
	return holds(ctx, s, p.Name, "", v)
}

func documents(ctx context.Context, b *Bench) error {
	doc, err := store.Document(map[string]leak.Secret{"username": secret("orders"), "second": secret(`say "no" <to> & me`)})
	if err != nil {
		return err
	}
	p, err := b.put(ctx, "", "document")
	if err != nil {
		return err
	}
	p.Value = doc
	s := shop(b.Driver)
	if _, err := s.Create(ctx, p); err != nil {
		return err
	}
	_, got, err := s.Read(ctx, p.Name, "")
	if err != nil {
		return err
	}
	fields, ok := store.Fields(got)
	if !ok || len(fields) != 2 || !fields["username"].Equal(secret("orders")) || !fields["second"].Equal(secret(`say "no" <to> & me`)) {
		return errors.New("the fields of a document do not come back")
	}
	p.Op = newOp()
	p.Value = secret("{ \"username\" : \"orders\",\n \"second\": \"say \\\"no\\\" <to> & me\" }")
	if _, err := s.Create(ctx, p); err != nil {
		return fmt.Errorf("the same document in another layout: %w", err)
	}
	p.Op, p.Value = newOp(), secret(`{"username":"orders","second":"other"}`)
	_, err = s.Create(ctx, p)
	return wantCode("create over a document with another field", err, store.Conflict)
}

func sizeLimit(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	if d.MaxValue == 0 {
		return errors.New("the description has no MaxValue: every store has a bound, if only what it is tested with")
	}
	p, err := b.put(ctx, strings.Repeat("m", d.MaxValue), "most")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	if _, err := s.Create(ctx, p); err != nil {
		return fmt.Errorf("a value of %d bytes: %w", d.MaxValue, err)
	}
	if p, err = b.put(ctx, strings.Repeat("m", d.MaxValue+1), "more"); err != nil {
		return err
	}
	_, err = s.Create(ctx, p)
	if err := wantCode("create of too large a value", err, store.TooLarge); err != nil {
		return err
	}
	_, err = s.Stat(ctx, p.Name)
	return wantCode("look at what was too large", err, store.NotFound)
}

// names: what the description's pattern takes the store takes, and the rest is
// refused before it is asked.
func names(ctx context.Context, b *Bench) error {
	d, err := b.Driver.Describe(ctx)
	if err != nil {
		return err
	}
	p, err := b.put(ctx, "nested", "prod", "docker", "username")
	if err != nil {
		return err
	}
	s := shop(b.Driver)
	if _, err := s.Create(ctx, p); err != nil {
		return fmt.Errorf("the name %s: %w", p.Name, err)
	}
	if ref := d.Ref.To(p.Name, "second"); !strings.HasPrefix(ref, "ref+") || !strings.HasSuffix(ref, "#/second") {
		return fmt.Errorf("%q is no reference", ref)
	}
	for _, bad := range []string{"", "line\nbreak", strings.Repeat("n", d.Names.Max+1)} {
		if bad != "" && regexp.MustCompile("^(?:"+d.Names.Pattern+")$").MatchString(bad) && (d.Names.Max == 0 || len(bad) <= d.Names.Max) {
			continue
		}
		p.Name = bad
		_, err := s.Create(ctx, p)
		if err := wantCode(fmt.Sprintf("create under the name %.20q", bad), err, store.InvalidArgument); err != nil {
			return err
		}
	}
	return nil
}

// quiet: an error that quotes what was sent is scrubbed of it.
func quiet(ctx context.Context, b *Bench) error {
	const value = `s3cret "quoted" <value>/+=`
	p, err := b.put(ctx, value, "quiet")
	if err != nil {
		return err
	}
	for _, quote := range []string{"%s", "%q", "%x", "%+q", "value=%v"} {
		telling := &faulty{Driver: b.Driver, write: func(context.Context, store.Write) (string, error) {
			return "", store.Failf(store.InvalidArgument, "Value "+quote+" failed to satisfy constraint", value)
		}}
		_, err := shop(telling).Create(ctx, p)
		if err := wantCode("create of what the store refuses", err, store.InvalidArgument); err != nil {
			return err
		}
		if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), fmt.Sprintf("%x", "s3cret")) {
			return errors.New("an error tells the value that it is about")
		}
		if errors.Unwrap(err) != nil {
			return errors.New("an error leads to the vendor's own, which may tell a value")
		}
	}
	return nil
}

func ended(ctx context.Context, b *Bench) error {
	p, err := b.put(ctx, "too late", "ended")
	if err != nil {
		return err
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	_, err = shop(b.Driver).Create(over, p)
	return wantCode("create after the context's end", err, store.Canceled)
}

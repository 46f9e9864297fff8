package awssource

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
)

// maxUnpacked bounds one text. User data has 16 KB at most
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html), and gzip makes
// a thousandth of zeros at best.
const maxUnpacked = 32 << 20

// userData tells of one text, and of those that are packed in it, as cloud-init
// unpacks them (https://docs.cloud-init.io/en/latest/explanation/format.html).
func (w *walk) userData(t *userText) {
	raw, err := base64.StdEncoding.DecodeString(t.text)
	if err != nil {
		w.gap(leak.Variable{Scope: t.scope, Name: userDataName}, leak.Failure, leak.GapCorrupt, errors.New("user data is not base64, as AWS gives it"))
		return
	}
	w.unpack(packed{leak.Variable{Scope: t.scope, Name: userDataName}, t.notes()}, raw, 0)
}

const userDataName = "user-data"

// packed is where a text stands.
type packed struct {
	at    leak.Variable
	notes []string
}

func (p packed) within(name string) packed {
	p.at.Name += "!/" + name
	return p
}

// maxNested is more than cloud-init takes: a packed message of packed parts with
// packed files.
const maxNested = 4

func (w *walk) unpack(p packed, raw []byte, depth int) {
	if depth > maxNested {
		w.gap(p.at, leak.Failure, leak.GapLimit, fmt.Errorf("packed more than %d times over: what is inside was not looked at", maxNested))
		return
	}
	if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
		plain, err := gunzip(raw)
		w.incomplete(p, err)
		w.unpack(p, plain, depth+1)
		return
	}
	if m, boundary := message(raw); m != nil {
		w.parts(p, m, boundary, depth)
		return
	}
	w.tell(scanner.Blob{Place: p.at, Size: int64(len(raw)), Notes: p.notes, Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(raw)), nil
	}}, nil)
	if bytes.Contains(raw, []byte("write_files")) {
		w.cloudConfig(p, raw, depth)
	}
}

var errTooLarge = errors.New("it is too large")

func gunzip(raw []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if len(plain) > maxUnpacked {
		return plain[:maxUnpacked], errTooLarge
	}
	return plain, err
}

// incomplete tells that of what is packed at p not all was unpacked.
func (w *walk) incomplete(p packed, err error) {
	switch {
	case err == nil:
	case errors.Is(err, errTooLarge):
		w.gap(p.at, leak.Failure, leak.GapLimit, fmt.Errorf("unpacks to more than %d MB: the rest was not looked at", maxUnpacked>>20))
	case errors.Is(err, io.ErrUnexpectedEOF):
		w.gap(p.at, leak.Failure, leak.GapTruncated, errors.New("ends before it should"))
	default:
		w.gap(p.at, leak.Failure, leak.GapCorrupt, fmt.Errorf("unpack: %w", err))
	}
}

// message reads raw as a MIME message of several parts, nil where it is none.
func message(raw []byte) (m *mail.Message, boundary string) {
	if !bytes.Contains(raw[:min(len(raw), 4<<10)], []byte("multipart/")) {
		return nil, ""
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, ""
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(kind, "multipart/") {
		return nil, ""
	}
	return m, params["boundary"]
}

func (w *walk) parts(p packed, m *mail.Message, boundary string, depth int) {
	parts := multipart.NewReader(m.Body, boundary)
	for n := 1; !w.done; n++ {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		var text []byte
		in := p
		if err == nil {
			name := part.FileName()
			if name == "" {
				name = fmt.Sprintf("part %d", n)
			}
			in = p.within(name)
			text, err = decoded(part)
		}
		w.incomplete(in, err)
		if text != nil {
			w.unpack(in, text, depth+1)
		}
		if err != nil {
			return
		}
	}
}

// decoded is a part's text, without what it was encoded in on the way.
func decoded(part *multipart.Part) ([]byte, error) {
	var r io.Reader = part
	switch strings.ToLower(part.Header.Get("Content-Transfer-Encoding")) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, part)
	case "quoted-printable":
		r = quotedprintable.NewReader(part)
	}
	return io.ReadAll(r)
}

// cloudConfig tells of the files that a configuration writes and that are packed: the
// scanner sees the others in its text
// (https://docs.cloud-init.io/en/latest/reference/modules.html#write-files).
func (w *walk) cloudConfig(p packed, raw []byte, depth int) {
	var config struct {
		Files []struct {
			Path, Encoding, Content string
		} `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return // its text was looked at
	}
	for _, f := range config.Files {
		content := []byte(f.Content)
		if !strings.HasPrefix(f.Encoding, "gz") {
			continue
		}
		var err error
		if strings.Contains(f.Encoding, "+b") {
			content, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(f.Content), ""))
		}
		in := p.within(f.Path)
		w.incomplete(in, err)
		if err == nil {
			w.unpack(in, content, depth+1)
		}
	}
}

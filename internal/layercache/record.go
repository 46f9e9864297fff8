package layercache

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oakum-sec/oakum/internal/report"
	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/scanner"
	"github.com/oakum-sec/oakum/scanner/imagesource"
)

// recordJSON is a record as it is sealed. Findings are as in a report's JSON, without
// their values.
type recordJSON struct {
	Events  []eventJSON      `json:"events,omitempty"`
	Bytes   int64            `json:"bytes"`
	Dropped map[string]int64 `json:"dropped,omitempty"`
	Until   time.Time        `json:"until,omitzero"`
	Files   []byte           `json:"files"` // 8 bytes a name, little endian
	Gone    []byte           `json:"gone,omitempty"`
}

// eventJSON has one of the two.
type eventJSON struct {
	Finding *leak.Finding `json:"finding,omitempty"`
	Gap     *leak.Gap     `json:"gap,omitempty"`
}

// encode writes a record, with its findings' values taken out of names and messages
// as in a report. It may change r's events, which are its own.
func encode(r *imagesource.Record) ([]byte, error) {
	var doc report.Document
	out := recordJSON{Bytes: r.Told.Bytes, Dropped: r.Told.Dropped, Until: r.Told.Until, Files: packed(r.Files), Gone: packed(r.Gone)}
	for _, e := range r.Told.Events {
		if e.Finding != nil {
			doc.Findings = append(doc.Findings, e.Finding)
		}
		if e.Gap != nil {
			doc.Gaps = append(doc.Gaps, e.Gap)
		}
		out.Events = append(out.Events, eventJSON{e.Finding, e.Gap})
	}
	doc.Mask()
	return json.Marshal(out)
}

func decode(text []byte) (*imagesource.Record, error) {
	var in recordJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("read a layer's record: %w", err)
	}
	r := &imagesource.Record{Told: scanner.Told{Bytes: in.Bytes, Dropped: in.Dropped, Until: in.Until}, Files: unpacked(in.Files), Gone: unpacked(in.Gone)}
	for _, e := range in.Events {
		if (e.Finding == nil) == (e.Gap == nil) {
			return nil, errDamaged
		}
		r.Told.Events = append(r.Told.Events, scanner.Event{Finding: e.Finding, Gap: e.Gap})
	}
	return r, nil
}

func packed(names []uint64) []byte {
	out := make([]byte, 0, 8*len(names))
	for _, n := range names {
		out = binary.LittleEndian.AppendUint64(out, n)
	}
	return out
}

func unpacked(b []byte) []uint64 {
	out := make([]uint64, 0, len(b)/8)
	for ; len(b) >= 8; b = b[8:] {
		out = append(out, binary.LittleEndian.Uint64(b))
	}
	return out
}

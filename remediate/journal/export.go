package journal

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// event is a record as a CloudEvent in JSON format (CloudEvents 1.0.2, JSON Event
// Format), which log collectors and event buses take.
type event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject,omitempty"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        Record    `json:"data"`
}

// eventType begins the types: a reversed domain name, as CloudEvents wants it.
const eventType = "com.github.oakum-sec.oakum.remediate."

// Export writes records for a central audit, one CloudEvent a line. Source and id
// together name an event once and for all, so that sending it twice does no harm.
// The records keep their MACs: whoever has the key can check that none is missing.
func Export(w io.Writer, records []Record) error {
	enc := json.NewEncoder(w)
	for _, r := range records {
		err := enc.Encode(event{SpecVersion: "1.0", ID: fmt.Sprintf("%s/%d", r.Plan, r.Seq), Source: "oakum/remediate", Type: eventType + string(r.Phase),
			Subject: r.Step, Time: r.Time, ContentType: "application/json", Data: r})
		if err != nil {
			return fmt.Errorf("export the journal: %w", err)
		}
	}
	return nil
}

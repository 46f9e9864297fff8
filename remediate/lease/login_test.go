package lease

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hashicorp/vault/api"
)

// TestLives: a token that ends within the second is none that never ends.
func TestLives(t *testing.T) {
	for name, c := range map[string]struct {
		ttl     string
		expires any
		want    time.Duration
	}{
		"an hour":           {"3600", "2026-12-01T01:00:00Z", time.Hour},
		"within the second": {"0", "2026-12-01T01:00:00.4Z", time.Second},
		"for ever":          {"0", nil, 0},
	} {
		got, err := lives(&api.Secret{Data: map[string]any{"ttl": json.Number(c.ttl), "expire_time": c.expires}})
		if err != nil || got != c.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

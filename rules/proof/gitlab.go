package proof

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// parseGitLabRoutable reads "glpat-PAYLOAD.VERSION.LENGTHSUM": the sum is the
// CRC-32 of all before it in base 36, the length the payload's. The payload's
// lines name organization and user in base 36 (GitLab's handbook, "Routable
// tokens"; the design is in gitlab-org/gitlab issue 487009). Tokens without dots
// are of the older form, which has no sum.
func parseGitLabRoutable(value []byte) Result {
	parts := bytes.Split(value, []byte("."))
	if len(parts) != 3 || len(parts[1]) != 2 || len(parts[2]) != 9 {
		return unsure()
	}
	sum := len(value) - 7
	if ok, _ := (Sum{Algo: "crc32", Encoding: "base36"}).Verify(value[:sum], value[sum:]); !ok {
		return fails()
	}
	result := holds()
	_, payload, _ := bytes.Cut(parts[0], []byte("-"))
	raw, ok := decode64(payload)
	if !ok {
		return result
	}
	for _, line := range bytes.SplitN(raw, []byte("\n"), 8) {
		who, id, _ := strings.Cut(string(line), ":")
		what := map[string]string{"o": "organization", "u": "user"}[who]
		if n, err := strconv.ParseUint(id, 36, 53); err == nil && what != "" {
			result.Notes = append(result.Notes, fmt.Sprintf("%s %d", what, n))
		}
	}
	return result
}

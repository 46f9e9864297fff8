package proof

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
)

// Tokens that carry a mark or an inner structure where their vendor puts it.

// openAIMark is base64 of "OpenAI".
var openAIMark = []byte("T3Blbk" + "FJ")

// parseOpenAI wants the mark in the very middle of what follows the prefix.
func parseOpenAI(value []byte) Result {
	before, after, ok := bytes.Cut(value, openAIMark)
	if !ok {
		return fails()
	}
	at := len(before) - len(after)
	if len(after) < 20 || at < 0 || !bytes.HasPrefix(before, []byte("sk-")) || at > 0 && before[at-1] != '-' {
		return unsure()
	}
	return holds()
}

// parseAnthropic wants 95 characters of base64url after the kind, of which the
// last are "AA": 71 bytes, filled up with a zero byte.
func parseAnthropic(value []byte) Result {
	parts := bytes.SplitN(value, []byte("-"), 4) // sk, ant, api03, key
	if len(parts) != 4 || string(parts[0]) != "sk" || string(parts[1]) != "ant" {
		return fails()
	}
	if len(parts[3]) != 95 || !bytes.HasSuffix(parts[3], []byte("AA")) {
		return unsure()
	}
	return holds()
}

// parseVault reads a service token of Vault 1.10 or later: "hvs." and, in
// base64url, a protobuf of version (field 1), HMAC (2) and token (3), as
// vault/sdk's SignedToken has it. A root token is "hvs." and 24 characters, which
// tells nothing.
func parseVault(value []byte) Result {
	body, ok := bytes.CutPrefix(value, []byte("hvs."))
	if !ok {
		return unsure()
	}
	raw, ok := decode64(body)
	head := []byte{0x08, 0x01, 0x12, 0x20}
	if !ok || !bytes.HasPrefix(raw, head) || len(raw) < 36 {
		return unsure()
	}
	inner := raw[36:]
	if len(inner) < 2 || inner[0] != 0x1a {
		return fails()
	}
	size, n := binary.Uvarint(inner[1:])
	if n <= 0 || size != uint64(len(inner)-1-n) {
		return fails() // cut short
	}
	return holds()
}

// parseDiscord reads a bot token: the bot's id in base64, a time and a signature.
// Ids are snowflakes: milliseconds since 2015 above 22 bits (Discord's developer
// documentation, "Snowflakes").
func parseDiscord(value []byte) Result {
	parts := bytes.Split(value, []byte("."))
	if len(parts) != 3 || len(parts[1]) != 6 || len(parts[2]) < 27 { // 27 in older tokens, 38 in newer ones
		return fails()
	}
	digits, ok := decode64(parts[0])
	id, err := strconv.ParseUint(string(digits), 10, 63)
	if !ok || err != nil || len(digits) < 17 {
		return fails()
	}
	const epoch = 1420070400000
	made := time.UnixMilli(int64(id>>22) + epoch).UTC()
	return holds(fmt.Sprintf("bot %d, made %s", id, made.Format(time.DateOnly)))
}

// parseTelegram reads a bot token: the bot's number, a colon, 35 characters that
// begin with "AA" (core.telegram.org/bots/features, "Generating an authentication token").
func parseTelegram(value []byte) Result {
	number, key, ok := bytes.Cut(value, []byte(":"))
	id, err := strconv.ParseUint(string(number), 10, 63)
	if !ok || err != nil || len(key) != 35 || key[0] != 'A' {
		return fails()
	}
	return holds(fmt.Sprintf("bot %d", id))
}

// parseJFrog reads a reference token: base64 of "reftkn:01:", the time of its end
// in seconds and what it refers to, joined by colons. A token that does not end
// has zeros there.
func parseJFrog(value []byte) Result {
	raw, ok := decode64(value)
	parts := bytes.SplitN(raw, []byte(":"), 4)
	if !ok || len(parts) < 3 || string(parts[0]) != "reftkn" || string(parts[1]) != "01" {
		return fails()
	}
	end, err := strconv.ParseInt(string(parts[2]), 10, 63)
	if err != nil || len(parts) != 4 || len(parts[3]) < 20 {
		return unsure()
	}
	result := holds()
	if end > 0 && end < 1<<37 {
		result.Expires = time.Unix(end, 0).UTC()
	}
	return result
}

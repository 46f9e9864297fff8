package leaktest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"text/template"
)

// Azure's identifiable keys carry a signature and a Marvin32 sum (facts:
// microsoft/security-utilities, IdentifiableSecrets.cs and IdentifiableMetadata.cs).
func azureTokens(d *dice) template.FuncMap {
	return template.FuncMap{"azureCASK": d.azureCASK, "azureHIS": d.azureHIS, "entraSecret": d.entraSecret}
}

// hisKeys tells, by signature, the size of the key in bytes and the seed of its sum.
var hisKeys = map[string]struct {
	size int
	seed string
}{
	"+ASt": {64, "Default0"}, "ACDb": {64, "MastRW00"}, "+ASb": {32, "Send0000"}, "+AEh": {32, "Send0000"},
	"+ARm": {32, "Send0000"}, "AzFu": {40, "Functi00"}, "AzCa": {32, "Access00"}, "AzSe": {39, "PAdmin00"},
	"+ACR": {39, "ACRDflt0"}, "+ABa": {64, "AbAcct00"}, "AIoT": {32, "IoTHub00"}, "+AMC": {64, "Classic0"},
	"APIM": {64, "Tenant00"},
}

// azureHIS makes the key whose signature is given ("+ASt": storage account).
func (d *dice) azureHIS(signature string) (string, error) {
	kind, ok := hisKeys[signature]
	if !ok {
		return "", fmt.Errorf("azureHIS: unknown signature %q", signature)
	}
	enc := base64.StdEncoding
	if signature == "AzFu" {
		enc = base64.URLEncoding // Functions keys are handed out in the URL's alphabet
	}
	key := d.bytes(kind.size)
	at := kind.size - 4
	// The signature's four characters end at the last multiple of 6 bits before
	// the sum; the bits between are zero.
	spare := (at * 8) % 6
	sig, err := enc.DecodeString(signature)
	if err != nil {
		return "", err
	}
	value := uint32(key[at-4])<<24&^(1<<(24+spare)-1) | (uint32(sig[0])<<16|uint32(sig[1])<<8|uint32(sig[2]))<<spare
	binary.BigEndian.PutUint32(key[at-4:], value)
	binary.LittleEndian.PutUint32(key[at:], marvin32(key[:at], kind.seed))
	text := enc.EncodeToString(key)
	if signature == "AzSe" && strings.ContainsAny(text, "+/") {
		return d.azureHIS(signature) // Search keys are drawn until they are letters and digits only
	}
	return text, nil
}

// azureCASK makes the 84-character common annotated key; signature (4
// characters, the provider's) is AZDO if none is given.
func (d *dice) azureCASK(signature ...string) (string, error) {
	provider := append(signature, "AZDO")[0]
	for {
		text := d.must(base62, 52) + "JQQJ99" + string("ABC"[d.IntN(3)]) + string(upper[d.IntN(12)]) + d.must(base62, 16) + provider
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(provider) != 4 {
			return "", fmt.Errorf("azureCASK: a provider's signature is 4 characters of base64, not %q", provider)
		}
		sum := binary.LittleEndian.AppendUint32(nil, marvin32(raw, "Default0"))
		tail := base64.StdEncoding.EncodeToString(sum[:3])
		if !strings.ContainsAny(tail, "+/") { // keys with these are drawn again by their makers
			return text + tail, nil
		}
	}
}

// entraSecret is an application's client secret with the marker of its third
// format: 3 characters, digit, "Q~", 31 characters, and the first three digits of
// their sum in base 66 (IdentifiableMetadata.cs, CustomAlphabetEncoder.cs).
func (d *dice) entraSecret() string {
	const digits66 = lower + upper + "1234567890.-_~"
	text := d.must(base62, 3) + "8Q~" + d.must(base62+"_-~.", 31)
	sum := marvin32([]byte(text), "AadPwd00")
	var out [6]byte
	for i := range out {
		out[5-i] = digits66[sum%66]
		sum /= 66
	}
	return text + string(out[:3])
}

// marvin32 is Microsoft's seeded hash (SymCrypt, marvin32.c), folded to 32 bits.
// The seed is read as a big-endian number.
func marvin32(data []byte, seed string) uint32 {
	s := binary.BigEndian.Uint64([]byte(seed))
	lo, hi := uint32(s), uint32(s>>32)
	mix := func() {
		hi ^= lo
		lo = bits.RotateLeft32(lo, 20) + hi
		hi = bits.RotateLeft32(hi, 9) ^ lo
		lo = bits.RotateLeft32(lo, 27) + hi
		hi = bits.RotateLeft32(hi, 19)
	}
	padded := append(append([]byte(nil), data...), 0x80)
	for len(padded)%4 != 0 {
		padded = append(padded, 0)
	}
	for ; len(padded) > 0; padded = padded[4:] {
		lo += binary.LittleEndian.Uint32(padded)
		mix()
	}
	mix()
	return lo ^ hi
}

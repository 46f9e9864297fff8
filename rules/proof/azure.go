package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"strings"
)

// Azure's identifiable keys. Facts: microsoft/security-utilities,
// IdentifiableSecrets.cs, CommonAnnotatedSecret.cs and IdentifiableMetadata.cs.

// hisKind is what a signature within a key says of it.
type hisKind struct {
	what  string
	seeds []string // of the checksum, one a role
}

var messagingSeeds = []string{"Send0000", "Listen00", "Manage00", "System00", "Unknown0"}

var hisKinds = map[string]hisKind{
	"+ASt": {"Azure Storage account key", []string{"Default0"}},
	"ACDb": {"Azure Cosmos DB key", []string{"MastRW00", "MastRO00", "SystRW00", "SystRO00", "SysAll00", "Resour00", "Encryp00"}},
	"+ASb": {"Azure Service Bus key", messagingSeeds},
	"+AEh": {"Azure Event Hubs key", messagingSeeds},
	"+ARm": {"Azure Relay key", messagingSeeds},
	"AzFu": {"Azure Functions key", []string{"Functi00", "Master00", "System00"}},
	"AzCa": {"Azure Cache for Redis key", []string{"Access00"}},
	"AzSe": {"Azure AI Search key", []string{"PAdmin00", "Query000"}},
	"+ACR": {"Azure Container Registry password", []string{"ACRDflt0"}},
	"+ABa": {"Azure Batch account key", []string{"AbAcct00"}},
	"AIoT": {"Azure IoT Hub key", []string{"IoTHub00", "DpsKey00", "Device00"}},
	"+AMC": {"Azure ML web service key", []string{"Classic0"}},
	"+SQL": {"Azure SQL password", []string{"UsrPwd00"}},
	"APIM": {"Azure API Management key", []string{"Tenant00", "IoTHub00", "Gatewy00", "GitKey00"}},
}

// standardAlphabet turns base64's URL alphabet into the standard one.
var standardAlphabet = strings.NewReplacer("-", "+", "_", "/")

// parseHIS decides by the signature: four characters that end at the last
// multiple of 6 bits before the checksum, which is the key's last 4 bytes. A
// signature whose sum does not hold is Unsure, since new roles bring new seeds.
func parseHIS(value []byte) Result {
	key, ok := decode64(value)
	if !ok || len(key) < 24 || len(key) > 4096 { // the sizes that the makers allow
		return fails()
	}
	at := len(key) - 4
	end := at * 8 / 6
	kind, ok := hisKinds[standardAlphabet.Replace(string(value[end-4:end]))]
	if !ok {
		return fails()
	}
	sum := binary.LittleEndian.Uint32(key[at:])
	for _, seed := range kind.seeds {
		if marvin32(key[:at], seed) == sum {
			return holds(kind.what)
		}
	}
	return unsure(kind.what)
}

// parseCASK checks the common annotated secret: 60 bytes of key, marker, date
// and provider, whose sum follows, cut to 3 bytes (84 characters) or whole (88).
func parseCASK(value []byte) Result {
	const marker, at = "JQQJ9", 52
	if len(value) != 84 && len(value) != 88 || string(value[at:at+len(marker)]) != marker {
		return fails()
	}
	raw, ok := decode64(value)
	if !ok || len(raw) < 63 {
		return fails()
	}
	sum := binary.LittleEndian.AppendUint32(nil, marvin32(raw[:60], "Default0"))
	if !bytes.HasPrefix(sum, raw[60:]) {
		return unsure("its checksum does not hold")
	}
	return holds("provider " + string(value[76:80]))
}

// decode64 reads base64 of either alphabet, padded or not.
func decode64(text []byte) ([]byte, bool) {
	text = bytes.TrimRight(text, "=")
	enc := base64.RawStdEncoding
	if bytes.ContainsAny(text, "-_") {
		enc = base64.RawURLEncoding
	}
	out := make([]byte, enc.DecodedLen(len(text)))
	n, err := enc.Decode(out, text)
	return out[:n], err == nil
}

// marvin32 is Microsoft's Marvin hash of data (SymCrypt, marvin32.c), its two
// halves folded into one; the seed is read as a big-endian number.
func marvin32(data []byte, seed string) uint32 {
	h := marvin64(data, binary.BigEndian.Uint64([]byte(seed)))
	return uint32(h) ^ uint32(h>>32)
}

func marvin64(data []byte, seed uint64) uint64 {
	a, b := uint32(seed), uint32(seed>>32)
	block := func(word uint32) {
		a += word
		b ^= a
		a = bits.RotateLeft32(a, 20)
		a += b
		b = bits.RotateLeft32(b, 9)
		b ^= a
		a = bits.RotateLeft32(a, 27)
		a += b
		b = bits.RotateLeft32(b, 19)
	}
	for ; len(data) >= 4; data = data[4:] {
		block(binary.LittleEndian.Uint32(data))
	}
	last := uint32(0x80) << (8 * len(data)) // a bit that marks the end, after what is left
	for i, c := range data {
		last |= uint32(c) << (8 * i)
	}
	block(last)
	block(0)
	return uint64(b)<<32 | uint64(a)
}

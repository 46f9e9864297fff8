package proof

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"slices"

	"github.com/oakum-sec/oakum/leak"
)

// canaryAccounts issue AWS keys whose only use is to raise an alarm when somebody
// tries them: canarytokens.org's, and others built after it. The numbers are
// published (trufflesecurity.com/blog/canaries).
var canaryAccounts = []uint64{
	44858866125, 52310077262, 171436882533, 251535659677, 266735846894, 344043088457, 351906852752,
	390477818340, 426127672474, 427150556519, 439872796651, 445142720921, 465867158099, 534261010715,
	595918472158, 637958123769, 693412236332, 717712589309, 730335385048, 732624840810, 735421457923,
	819147034852, 959235150393, 982842642351, 992382622183,
}

// awsKeyKinds are the prefixes of ids that authenticate (IAM User Guide,
// "Unique identifiers"); the others name users, roles and policies.
var awsKeyKinds = map[string]string{
	"AKIA": "", "ASIA": "temporary", "ABIA": "service bearer", "ACCA": "context-specific",
}

// parseAWSKeyID checks an access key id: prefix and 16 characters of base32. In
// ids made since 2019, whose first bit is set, bits 1 to 40 are the number of the account
// (awsteele.com/blog/2020/09/26/aws-access-key-format.html, and Tal Be'ery's
// "A short note on AWS KEY ID"). There is no checksum, so an id without an account number is Unsure.
func parseAWSKeyID(value []byte) Result {
	if len(value) != 20 || bytes.HasSuffix(value, []byte("EXAMPLE")) { // AWS's documentation ends its ids so
		return fails()
	}
	kind, ok := awsKeyKinds[string(value[:4])]
	if !ok {
		return fails()
	}
	raw, err := base32.StdEncoding.DecodeString(string(value[4:]))
	if err != nil {
		return fails() // 0, 1, 8, 9 and small letters are not in the alphabet
	}
	account, ok := awsAccount(raw)
	if !ok {
		return unsure(notEmpty(kind)...)
	}
	notes := append(notEmpty(kind), fmt.Sprintf("account %012d", account))
	if slices.Contains(canaryAccounts, account) {
		return holds(notes...).low(leak.Canary + "its maker is told when it is used")
	}
	return holds(notes...)
}

// awsAccount reads the account number out of an id's 10 bytes.
func awsAccount(raw []byte) (uint64, bool) {
	var head uint64
	for _, b := range raw[:6] {
		head = head<<8 | uint64(b)
	}
	account := head >> 7 & (1<<40 - 1)
	return account, head>>47 == 1 && account <= 999_999_999_999
}

func notEmpty(notes ...string) []string {
	return slices.DeleteFunc(notes, func(s string) bool { return s == "" })
}

package server

import (
	"fmt"
	"os"

	"github.com/oakum-sec/oakum/internal/known"
)

// KnownSecrets are values that are refused wherever they stand, because they leaked and
// were retired: an index of keyed hashes, as `oakum known add` and `oakum remediate
// rotate` keep it, and the key that it was made with.
type KnownSecrets struct {
	Index string `json:"index,omitempty"` // a file
	Key   string `json:"key,omitempty"`   // another
}

func (k KnownSecrets) valid() error {
	if (k.Index == "") != (k.Key == "") {
		return fmt.Errorf("known: name both the index and its key")
	}
	return nil
}

// read is the index as it lies on the disk; nil where there is none.
func (k KnownSecrets) read() ([]byte, error) {
	if k.Index == "" {
		return nil, nil
	}
	content, err := os.ReadFile(k.Index)
	if err != nil {
		return nil, fmt.Errorf("read the known secrets: %w", err)
	}
	return content, nil
}

// open makes an index of what was read. It writes over content.
func (k KnownSecrets) open(content []byte) (*known.Index, error) {
	key, err := known.ReadMountedKey(k.Key)
	if err != nil {
		return nil, err
	}
	x, err := known.Unmarshal(content, key)
	if err != nil {
		return nil, fmt.Errorf("the known secrets in %s: %w", k.Index, err)
	}
	return x, nil
}

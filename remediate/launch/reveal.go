package launch

import (
	"bytes"
	"errors"
	"os"

	"github.com/oakum-sec/oakum/leak"
)

// inEnvironment is a value as a variable holds it.
func inEnvironment(v leak.Secret) (text string, err error) {
	err = v.Reveal(func(b []byte) error {
		if bytes.IndexByte(b, 0) >= 0 {
			return errors.New("the value holds a zero byte, which no environment can: have it in a file (--file NAME=REF)")
		}
		text = string(b)
		return nil
	})
	return text, err
}

// put writes a value where only this user reads it.
func put(path string, v leak.Secret) error {
	return v.Reveal(func(b []byte) error { return os.WriteFile(path, b, 0o600) })
}

package store

import "github.com/oakum-sec/oakum/leak"

// Plain is a value as text, for the request of a driver whose client takes text
// alone. It is the one place where drivers take values out; what it returns goes into
// that request and nowhere else.
func Plain(value leak.Secret) (text string) {
	value.Reveal(func(b []byte) error {
		text = string(b)
		return nil
	})
	return text
}

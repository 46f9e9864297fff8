package rotatetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
)

// silent: no value is in anything that is written or said, in no form.
func silent(w *world) {
	o, file := w.order()
	w.finish(o, file, nil, 0)
	texts := append(w.written(), file, w.said.Bytes(), []byte(o.Explain()))
	for _, v := range w.secrets(w.scene.Old, w.current()) {
		for _, form := range []string{v, base64.StdEncoding.EncodeToString([]byte(v)), base64.RawURLEncoding.EncodeToString([]byte(v)), hex.EncodeToString([]byte(v)), url.QueryEscape(v)} {
			for _, text := range texts {
				if bytes.Contains(text, []byte(form)) {
					w.Errorf("a value stands in %.200q", text)
				}
			}
		}
	}
}

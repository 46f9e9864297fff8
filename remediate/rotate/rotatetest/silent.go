package rotatetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	"github.com/oakum-sec/oakum/remediate/rotate"
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

// trap: what was planted to raise an alarm is not rotated, and nobody is asked about it.
func trap(w *world) {
	w.trap = "canary: its maker is told when it is used"
	w.calls = 0
	_, _, err := w.machine().Order(w.Context(), w.state, "app")
	if _, refused := errors.AsType[*rotate.Refusal](err); !refused || !strings.Contains(err.Error(), w.trap) {
		w.Errorf("a trap is ordered to be rotated: %v", err)
	}
	if w.calls > 0 {
		w.Errorf("the provider was asked about a trap, %d times", w.calls)
	}
	w.trap = ""
	if w.order(); w.calls == 0 {
		w.Error("a call to the provider would not be seen")
	}
}

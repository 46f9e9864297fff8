package rotatetest

import (
	"slices"
	"strings"
)

// stillStands: a rotation is not over while the old value stands somewhere, and says
// where. It gives access to nothing by then.
func stillStands(w *world) {
	w.set.Scan, w.found = []string{"."}, []string{"infra/terraform.tfstate:12"}
	o, file := w.order()
	for range 10 {
		err := w.goOn(o, file)
		if wait, ok := asWait(err); !ok {
			w.Fatalf("while the old value stands somewhere it ends with %v", err)
		} else if strings.Contains(wait.For, w.found[0]) {
			break
		}
		w.waited(err)
	}
	w.works("it stands somewhere", "the old credential", w.scene.Old, false)
	for _, v := range w.secrets(w.scene.Old) {
		if !slices.Contains(w.asked, v) {
			w.Error("a part of the old credential was not looked for")
		}
	}
	w.found = nil
	w.finish(o, file, nil, 0)
	w.rotated("after it was taken out", o)
}

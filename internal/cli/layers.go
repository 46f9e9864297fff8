package cli

import (
	"path/filepath"

	"github.com/oakum-sec/oakum/internal/layercache"
	"github.com/oakum-sec/oakum/internal/state"
)

// rememberLayers gives a scan of images what earlier ones told of layers, and keeps what
// this one tells. Where there is no folder to keep it in, layers are read. The func
// that it returns ends that.
func (a *app) rememberLayers(f *scanFlags, j *job) (done func()) {
	nothing := func() {}
	if j.target.layers == nil {
		return nothing
	}
	dir, err := a.stateDir()
	world := j.rulesKey()
	if err != nil || world == (state.Key{}) {
		return nothing
	}
	store, err := layercache.Open(filepath.Join(dir, "layers"), world[:], layercache.Options{Values: f.needsValues(), Now: j.options.Now})
	if err != nil {
		if log := j.options.Log; log != nil {
			log.Debug("layers are not remembered", "why", err)
		}
		return nothing
	}
	j.target.layers.Cache(store)
	return func() {
		if log := j.options.Log; log != nil {
			log.Debug("layers known from earlier scans", "layers", store.Recalled(), "cache", dir)
		}
		store.Close()
	}
}

// needsValues tells whether something after the scan asks what a finding's value is:
// who shows it, its issuer, a list of other tools' hashes. No cache holds that.
func (f *scanFlags) needsValues() bool {
	return f.output.reveal || f.verify.on || f.baseline != "" || f.allowFile != ""
}

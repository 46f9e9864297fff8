package cli

import (
	"errors"
	"path/filepath"
	"runtime"

	"github.com/oakum-sec/oakum/internal/trust"
)

// stateDir is where oakum remembers things between runs: OAKUM_STATE_DIR, or
// oakum in the user's state folder (XDG Base Directory Specification 0.8;
// %LocalAppData% on Windows). It is not made here.
func (a *app) stateDir() (string, error) {
	if dir := a.env["OAKUM_STATE_DIR"]; dir != "" {
		return dir, nil
	}
	if dir := a.env["XDG_STATE_HOME"]; filepath.IsAbs(dir) { // the specification: ignore relative ones
		return filepath.Join(dir, "oakum"), nil
	}
	if dir := a.env["LocalAppData"]; runtime.GOOS == "windows" && dir != "" {
		return filepath.Join(dir, "oakum"), nil
	}
	if home := a.env["HOME"]; home != "" {
		return filepath.Join(home, ".local", "state", "oakum"), nil
	}
	return "", errors.New("there is no home folder to keep state in: set OAKUM_STATE_DIR")
}

func (a *app) trustStore() (trust.Store, error) {
	dir, err := a.stateDir()
	return trust.Store{Dir: dir}, err
}

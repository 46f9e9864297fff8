//go:build linux || darwin

package state_test

// statusTimes tells whether the system knows when a file was really changed.
const statusTimes = true

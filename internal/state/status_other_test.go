//go:build !linux && !darwin

package state_test

const statusTimes = false

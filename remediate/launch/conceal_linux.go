package launch

import "syscall"

// conceal closes this process's environment and memory (/proc/PID) to other processes
// of the same user, the started program among them
// (prctl(2), PR_SET_DUMPABLE). Root reads them all the same.
func conceal() {
	const setDumpable = 4
	syscall.RawSyscall(syscall.SYS_PRCTL, setDumpable, 0, 0)
}

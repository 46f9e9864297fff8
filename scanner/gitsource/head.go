package gitsource

// Head is the commit at HEAD, in hex, and the branch that HEAD is on; "" where
// nothing is committed yet, and where HEAD is detached.
func (r *Repo) Head() (commit, branch string) { return r.dir.Head() }

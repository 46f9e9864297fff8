package gitsource

// Head is the commit at HEAD, in hex, and the branch that HEAD is on; "" where
// nothing is committed yet, and where HEAD is detached.
func (r *Repo) Head() (commit, branch string) { return r.dir.Head() }

// Remote is the URL of the remote "origin" as it is configured, which may hold a
// password; "" where there is none.
func (r *Repo) Remote() string { return r.dir.Remote }

// RemoteHead is the default branch of the remote "origin", as the clone noted it;
// "" where it did not.
func (r *Repo) RemoteHead() string { return r.dir.RemoteHead() }

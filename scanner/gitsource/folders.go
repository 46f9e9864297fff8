package gitsource

// Folders are the directories that everything which Blobs yields is read from, but
// for symbolic links in them, which are not followed out of them. all is false where
// there may be more: an alternate that is not there could come to be. Submodules'
// own are among them once the repository was scanned.
func (r *Repo) Folders() (paths []string, all bool) {
	paths, all = r.db.Dirs()
	paths = append(paths, r.dir.Git, r.dir.Common)
	r.subs.mu.Lock()
	defer r.subs.mu.Unlock()
	for _, sub := range r.subs.list {
		more, whole := sub.Folders()
		paths, all = append(paths, more...), all && whole
	}
	return paths, all
}

// GitDir is the git directory, that which all working trees share.
func (r *Repo) GitDir() string { return r.dir.Common }

// Package trace finds out by which commit, and under which paths, chosen blobs of
// a git repository came into its history, without reading the trees one by one.
//
// Trees are most of a history's bytes (git's own: 5.8 GB in 382,000 trees), and
// each repeats its predecessor but for an entry or two. So they are read as the
// pack stores them: one walk over the deltas, in which only the entries of
// changed stretches are parsed and looked up, and everything else is taken over
// from the base. What is kept of a tree is a list of the entries that matter: its
// folders, the chosen blobs, what is missing, and submodules. Lists share
// their chunks. Then the commits are visited, oldest first, over these lists, in
// integers alone; paths become strings when they are told.
//
// Promise: what a Trace says of a blob is what a plain walk says that reads each
// tree of each commit whole, in the order in which the commits are given, and
// notes each blob once for each path. That holds for malformed trees as well: an
// entry is taken over only where it begins at a byte at which an entry of the base
// begins, and lies in a copied stretch whole.
//
// Limits: MaxPaths and MaxDepth; MaxFurther bounds what a repository can make us
// remember of its copies. A chosen blob costs about 20 bytes, a tree about 100.
package trace

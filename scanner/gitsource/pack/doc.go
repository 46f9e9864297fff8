// Package pack reads git packs at the cost of what lies in them: compressed
// deltas, not the texts that these make. git/git's 262,343 files are 7.7 GB of
// text and 0.5 GB of deltas.
//
// A File is one pack and its index, mapped into memory. Plant makes a Forest of any
// number of them and of loose objects: a number for each object, and what it is a
// delta of. Walk then goes over all objects of one kind, depth first, so that each
// text is made of its base while that is still in the processor's cache, and hands a
// Visitor the text together with what it has in common with its base. What the
// visitor found in a base it can pass on to the base's deltas, and look at the rest.
//
// It promises, of packs that anybody may have made:
//   - Each object is told once: as a text, as Large, or as Lost with the reason. An
//     object is lost only if it cannot be rebuilt from any copy of it that is there.
//   - What is told does not depend on how many workers there are, nor on who is
//     faster; only the order does.
//   - What cannot be true is refused before memory is taken for it, and no text is
//     trusted whose checksums differ: those of zlib, and of an index of version 2.
//   - A file that becomes shorter while it is mapped costs the objects that were cut
//     off, not the process (Guard).
//   - Memory grows with the number of objects (about 30 bytes each), of workers (some
//     40 MB each at most, 10 as a rule) and with the largest text.
//
// Limits: objects' ids are taken from the index, and not computed again. Deltas of more
// than WalkOptions.Whole bytes, or deeper in a chain than 4,096, are lost; git makes
// neither. A pack that was made to be slow is slow: thirty bytes of delta can ask for
// 512 MB of copying, so who reads packs of strangers sets Whole lower, or a time.
// Nothing is ever fetched.
package pack

// Package remediate moves credentials out of files into a secret store, and keeps a
// journal of every step.
//
// A [Plan] says what will be done, step by step, with how each is taken back; it is a
// file that people review, and holds no value. Apply does it, Resume goes on after
// whatever ended it, Rollback takes it back, Finish gives up the way back.
//
// Its promises:
//
//   - Each step looks at the world first: doing it twice is doing it once. The
//     journal says what was about to happen; what did happen is asked of the files,
//     the repository and the store.
//   - A plan that is older than the world is refused, with the name of what moved.
//   - Nothing that we did not make is overwritten, and no value leaves its file
//     before the store has given it back unchanged.
//   - No value is in a plan, a journal, a message or a commit. Tags are (package key).
//   - Of two machines that apply one plan, one does; the other says who.
//
// Its limit: what was moved is as leaked as before. Its state reads
// MOVED_NOT_ROTATED until its issuer has made a new one.
package remediate

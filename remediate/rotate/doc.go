// Package rotate replaces a credential by a new one while everything that uses it goes
// on working, and retires the old one when that is proven unused.
//
// A [Rotator] knows one kind of credential. The rest is the same for all of them: an
// [Order] says what will be done, in which order, and what could go wrong; a [Machine]
// does it, in steps that are journaled before and after, and that look at the world
// first. Killed at any instant, Resume comes to the same end: one live new credential,
// no orphan, and the old one retired only after the new one is in use.
//
// The order of things:
//
//  1. Where oakum chooses the value, it waits in the store before the target hears of
//     it. Where the provider chooses it, a sealed file is ready before the provider is
//     asked. So a value that is live is always one that can be found again.
//  2. The new credential is tried, several times, as the application would use it. Only
//     then does the store's entry become it, by a compare-and-set.
//  3. What uses it is told. After a dwell in which nobody was seen with the old one, the
//     old one is deactivated: that can be taken back. After a watch it is deleted.
//
// A credential that leaked in public is deactivated first, and availability comes
// second.
//
// Its limits: who used the old credential is known as far as the provider tells (AWS
// some hours late, a database only of open sessions); the dwell is there for the rest.
package rotate

// Package postgres rotates the password of a PostgreSQL user, from version 11 on.
//
// A role has one password. So that programs go on, two roles take turns (the mode
// "alternating"): the second is made of the first, with its attributes, memberships,
// settings and grants, and nothing is done with it unless a comparison of the catalogues
// of every database finds the two alike. What only one role can have, the ownership of a
// table, is refused with what to do about it: a group that both are in is its owner.
//
// The server never gets a password in a statement: it gets the SCRAM verifier that it
// would make of it, so that no log of statements lets anybody log in.
//
// The first role rests then: NOLOGIN, and later without a password. It is kept, and so
// are its grants: the next rotation makes it the new one. The mode "single-user" changes
// a role's one password, which is a blip.
//
// Its limits: what a program makes as its own role is that role's, and has the next
// rotation refused; who is connected is asked of every address that the settings name,
// and of no other. A pooler's own list of users (PgBouncer's auth_file) is its owner's
// to change: name the pooler's address too, and the new user is tried there.
package postgres

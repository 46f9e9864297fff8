// Package dynamic takes a database user with a fixed password and puts Vault's
// database engine in its place: each program then gets a user of its own, which lives
// for an hour.
//
// What the old user may do is read from the database and given, grant by grant, to what
// Vault makes: a role that owns nothing (PostgreSQL), or the statements themselves
// (MySQL, MariaDB). Vault gets a user of its own to make the others with. Programs get
// a policy for one path, and an auth role bound to who they are on their platform.
//
// Its promises:
//
//   - Each step looks at the world first. What is there and equal is adopted, what is
//     there and differs is a conflict, and only what the journal says we made is
//     changed or removed.
//   - The old user is as it was until the last step, which asks for its own word, locks
//     it where nobody is connected as it, and can be taken back.
//   - Before that, a user was made as each reader would have one made, could do what the
//     old user could, and was gone when its lease was revoked.
//   - Vault's own password is known to nobody but Vault once it was rotated; until then
//     it was in this process's memory and in no file.
//
// Its limits: what a database gives to the owner of a thing and to nobody else (changing
// and dropping it) is not given, and told. MySQL and MariaDB have no way to end, by a
// statement of Vault's, the sessions of a user that is dropped: they go on until they
// end.
package dynamic

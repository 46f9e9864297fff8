// Package mysql rotates the password of a user of MySQL or MariaDB.
//
// MySQL has two passwords for a user since 8.0.14: the old one is retained beside the
// new one and discarded later (the mode "dual"). A user is there as many times as it has
// hosts, each with a password of its own: all are changed.
//
// MariaDB, and older servers, have one password for a user. There two users take turns
// (the mode "alternating"): the second is made of the first, for each of its hosts, with
// its grants and roles, and is let in where SHOW GRANTS of the two are alike. Then the
// first rests, locked. Where no users are named the one password is changed, which is a
// blip (the mode "single-user").
//
// MariaDB gets a hash in the place of a password, so that no log of statements lets
// anybody log in. MySQL's caching_sha2_password cannot be retained beside a hash: the
// password is in the statement, which the server rewrites in its logs unless it was
// started with --log-raw; performance_schema keeps it for a while. Use TLS.
//
// Its limits: which of two passwords a session came with, and when it began, no server
// tells. In the modes "dual" and "single-user" a session counts as one of the old
// password where it was idle since before the new one was set; the dwell is for the
// rest. MySQL was not to be had when this was written: its side was tried against a
// server written from its documentation, and is experimental.
package mysql

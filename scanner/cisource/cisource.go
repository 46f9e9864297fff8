// Package cisource is the source of what CI systems hold beside files: the
// variables of the job that runs, those that GitHub and GitLab keep for jobs, and jobs'
// logs and artifacts.
//
// A platform puts tokens of its own into each job, which die with it: these are no
// findings, where the platform is the one that the variable belongs to. What else
// stands in a job's environment was put there by somebody, and lives until somebody
// takes it away.
//
// Through their APIs GitHub and GitLab give the values of variables, which are
// scanned, and of what they hold as secrets the names alone. Each such secret is a
// Gap, of class boundary; one whose name says that it is a cloud's key that never
// changes, where the CI system could log in without any, is a finding (rule
// static-identity).
//
// Of an API nothing is asked but lists, with GET. The token goes to its host alone,
// by https unless that is this machine. Requests are made one after the other, as
// the vendors ask for; where they say wait, the source waits, maxWaiting in all. What
// could not be read is a Gap that names the permission that the token lacks.
//
// What jobs printed and left behind as artifacts is looked at where Logs says so, the
// newest first, each fetched when the scanner comes to it and never held whole. Where
// the platform leads on to a store of files the token does not go along.
//
// Its limits: secrets are told of where they are held, not where they are used; of
// GitLab's artifacts the archive is read, not the reports that jobs hand to GitLab.
package cisource

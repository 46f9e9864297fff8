package realtest

import "context"

// dockerRegistry is the distribution's registry, the program that most private
// registries are: version 2.8 in Debian 12. It is unpacked, not installed.
func dockerRegistry() Part {
	return Part{
		Name:    "docker-registry",
		Program: "usr/bin/docker-registry",
		recipe:  "apt-get download docker-registry; dpkg -x",
		bring:   func(ctx context.Context, dir string) error { return unpack(ctx, dir, "docker-registry") },
	}
}

package main

import "github.com/oakum-sec/oakum/internal/cli"

// clouds are the commands of scan ci that this program has.
func clouds() []cli.Cloud { return nil }

package awssource

import "strings"

// ofAWS tells whether a variable is one of a key of AWS, by its name.
func ofAWS(name string) bool {
	name = strings.ToUpper(name)
	return strings.Contains(name, "AWS_ACCESS_KEY") || strings.Contains(name, "AWS_SECRET")
}

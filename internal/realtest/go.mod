module github.com/oakum-sec/oakum/internal/realtest

go 1.26.0

require github.com/oakum-sec/oakum v0.0.0

require github.com/google/go-containerregistry v0.22.1

replace github.com/oakum-sec/oakum => ../../

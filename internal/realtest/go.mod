module github.com/oakum-sec/oakum/internal/realtest

go 1.26.0

require github.com/oakum-sec/oakum v0.0.0

replace github.com/oakum-sec/oakum => ../../

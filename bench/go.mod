module github.com/oakum-sec/oakum/bench

go 1.26.0

require (
	github.com/oakum-sec/oakum v0.0.0
	github.com/oakum-sec/oakum/internal/realtest v0.0.0
)

require github.com/pelletier/go-toml/v2 v2.4.3 // indirect

replace (
	github.com/oakum-sec/oakum => ../
	github.com/oakum-sec/oakum/internal/realtest => ../internal/realtest
)

module github.com/oakum-sec/oakum/tools/learn

go 1.26.0

require github.com/oakum-sec/oakum v0.0.0

require (
	github.com/cavaliergopher/cpio v1.0.1 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/readahead v1.4.0 // indirect
	github.com/pelletier/go-toml/v2 v2.4.3 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
)

replace github.com/oakum-sec/oakum => ../../

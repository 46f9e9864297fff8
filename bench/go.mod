module github.com/oakum-sec/oakum/bench

go 1.26.0

require (
	github.com/google/go-containerregistry v0.22.1
	github.com/oakum-sec/oakum v0.0.0
	github.com/oakum-sec/oakum/internal/realtest v0.0.0
)

require go.yaml.in/yaml/v3 v3.0.6 // indirect

require (
	filippo.io/age v1.3.2 // indirect
	filippo.io/hpke v0.4.0 // indirect
	github.com/cavaliergopher/cpio v1.0.1 // indirect
	github.com/docker/cli v29.7.2+incompatible // indirect
	github.com/docker/docker-credential-helpers v0.9.3 // indirect
	github.com/go-git/gcfg v1.5.1-0.20230307220236-3a3c6141e376 // indirect
	github.com/go-git/go-git/v5 v5.19.3 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/klauspost/readahead v1.4.0 // indirect
	github.com/opencontainers/go-digest v1.0.0 // indirect
	github.com/opencontainers/image-spec v1.1.1 // indirect
	github.com/pelletier/go-toml/v2 v2.4.3 // indirect
	github.com/sirupsen/logrus v1.10.2 // indirect
	github.com/ulikunitz/xz v0.5.17 // indirect
	golang.org/x/crypto v0.57.0 // indirect
	golang.org/x/sync v0.23.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	gopkg.in/warnings.v0 v0.1.2 // indirect
)

replace (
	github.com/oakum-sec/oakum => ../
	github.com/oakum-sec/oakum/internal/realtest => ../internal/realtest
)

package imagesource

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// settled are the fields of a configuration that fieldsOf writes as their author did,
// and those that hold digests and times.
var settled = map[string]bool{
	"config.Env": true, "config.Labels": true, "config.Entrypoint": true, "config.Cmd": true, "config.Shell": true,
	"config.Healthcheck": true, "config.OnBuild": true, "history": true, "rootfs": true, "created": true, "id": true, "parent": true,
}

// plain are those of a manifest: annotations stand among the settings.
var plain = map[string]bool{"annotations": true, "mediaType": true}

// leaves appends whatever else a JSON text says in strings: build information that
// BuildKit keeps in a configuration, the container's own configuration, layers'
// annotations, data inside of descriptors. Nobody has to know a field to be told of it.
func leaves(fields []field, under string, text []byte, but map[string]bool) []field {
	var v map[string]any
	if json.Unmarshal(text, &v) != nil {
		return fields // told by whoever reads the fields that are known
	}
	var walk func(path, name string, v any)
	walk = func(path, name string, v any) {
		if but[path] {
			return
		}
		at := path
		if under != "" {
			at = under + "." + path
		}
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(joined(path, k), k, v[k])
			}
		case []any:
			for i, e := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), name, e)
			}
		case string:
			if v != "" && !isDigest(name) {
				fields = append(fields, field{at, name + "=" + v})
			}
		}
	}
	walk("", "", v)
	return fields
}

// isDigest: what says which content is meant is no setting.
func isDigest(name string) bool { return name == "digest" || name == "mediaType" || name == "blobSum" }

func joined(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

package platform

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/oakum-sec/oakum/remediate/ref"
	"github.com/oakum-sec/oakum/remediate/rewrite/change"
	"go.yaml.in/yaml/v3"
)

// afterKubernetes makes the operator's objects, one file a workload, and what
// the workload itself needs for them: a volume for the CSI driver, annotations
// for Vault's agent.
func afterKubernetes(spots []*spot, o Options) (all change.Change, no *change.Refusal) {
	for len(spots) > 0 {
		first := spots[0].document()
		mine := func(s *spot) bool { return s.document() == first || s.workload() == spots[0].workload() }
		var group, rest []*spot
		for _, s := range spots {
			if mine(s) {
				group = append(group, s)
			} else {
				rest = append(rest, s)
			}
		}
		c, no := objectsOf(group, o)
		if no != nil {
			return all, no
		}
		all.Add(c)
		spots = rest
	}
	return all, nil
}

func objectsOf(group []*spot, o Options) (c change.Change, no *change.Refusal) {
	s := group[0]
	var objects []object
	switch o.Kubernetes.Via {
	case ViaVaultSecret:
		objects = vaultSecrets(group, o)
	case ViaCSI:
		objects = []object{providerClass(group, o)}
		c, no = csiVolumes(group)
	case ViaVaultAgent:
		return agentAnnotations(group, o)
	case ViaSecretKeyRef:
		return ownSecret(group, o), nil
	default:
		objects = []object{externalSecret(group, o)}
	}
	if no != nil {
		return c, no
	}
	var text bytes.Buffer
	for i, obj := range objects {
		if i > 0 {
			text.WriteString("---\n")
		}
		enc := yaml.NewEncoder(&text)
		enc.SetIndent(2)
		if err := enc.Encode(obj); err != nil {
			return c, change.Refuse(change.NoPlace, "the operator's object cannot be written: %v", err)
		}
		for _, e := range group {
			c.Needs = append(c.Needs, change.Need{Kind: change.NeedObject, Name: obj.Kind + "/" + obj.Metadata.Name, Ref: e.edit.Ref})
			break
		}
	}
	c.Files = append(c.Files, change.File{Name: s.workload() + "-secrets.yaml", Content: text.Bytes()})
	return c, nil
}

// ownSecret brings no object: the file names a Secret, and who applies it makes that.
func ownSecret(group []*spot, o Options) (c change.Change) {
	name, _ := group[0].target(o)
	for _, e := range distinct(group) {
		c.Needs = append(c.Needs, change.Need{Kind: change.NeedObject, Name: "Secret/" + name, Ref: e.Ref})
		c.Notes = append(c.Notes, "the key "+e.Name+" of the Secret "+name+" is to hold "+e.Ref.String())
	}
	return c
}

// object is any of the operators'.
type object struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   metadata `yaml:"metadata"`
	Spec       any      `yaml:"spec"`
}

type metadata struct {
	Name      string `yaml:"name"`
	Namespace string `yaml:"namespace,omitempty"`
}

func (s *spot) meta(name string) metadata {
	return metadata{name, scalar(sub(s.document(), "metadata"), "namespace")}
}

func storeOf(o Options) string { return cmp.Or(o.Kubernetes.Store, "oakum") }
func roleOf(o Options) string  { return cmp.Or(o.Kubernetes.Role, "oakum") }

type keyValues = map[string]any

// distinct are the group's edits, one a name.
func distinct(group []*spot) (edits []change.Edit) {
	for _, s := range group {
		if !slices.ContainsFunc(edits, func(e change.Edit) bool { return e.Name == s.edit.Name }) {
			edits = append(edits, s.edit)
		}
	}
	return edits
}

// externalSecret is External Secrets' (external-secrets.io, API v1).
func externalSecret(group []*spot, o Options) object {
	var data []keyValues
	for _, e := range distinct(group) {
		remote := keyValues{"key": remoteKey(e.Ref)}
		if e.Ref.Key != "" {
			remote["property"] = e.Ref.Key
		}
		data = append(data, keyValues{"secretKey": e.Name, "remoteRef": remote})
	}
	name, _ := group[0].target(o)
	return object{"external-secrets.io/v1", "ExternalSecret", group[0].meta(name), keyValues{
		"refreshInterval": "1h",
		"secretStoreRef":  keyValues{"kind": "ClusterSecretStore", "name": storeOf(o)},
		"target":          keyValues{"name": name},
		"data":            data,
	}}
}

// remoteKey is a secret's name as the operators' providers take it: the store
// object names vault, project, mount and account.
func remoteKey(r ref.Ref) string {
	switch r.Backend {
	case ref.AWSParams:
		return "/" + trimSlash(r.Path)
	case ref.AzureKeyVault, ref.GCPSecrets, ref.Vault:
		if _, name, ok := strings.Cut(r.Path, "/"); ok {
			return name
		}
	}
	return r.Path
}

// vaultSecrets are Vault Secrets Operator's (secrets.hashicorp.com/v1beta1), one a path.
func vaultSecrets(group []*spot, o Options) (all []object) {
	var paths []string
	for _, s := range group {
		if slices.Contains(paths, s.edit.Ref.Path) {
			continue
		}
		paths = append(paths, s.edit.Ref.Path)
		mount, path, _ := strings.Cut(s.edit.Ref.Path, "/")
		name, _ := s.target(o)
		all = append(all, object{"secrets.hashicorp.com/v1beta1", "VaultStaticSecret", s.meta(name), keyValues{
			"vaultAuthRef": storeOf(o), "type": "kv-v2", "mount": mount, "path": path, "refreshAfter": "1h",
			"destination": keyValues{"name": name, "create": true},
		}})
	}
	return all
}

// providerClass is the CSI driver's (secrets-store.csi.x-k8s.io/v1), with a
// Secret that it keeps in step while a pod has the volume.
func providerClass(group []*spot, o Options) object {
	var objects, data []keyValues
	edits := distinct(group)
	for _, e := range edits {
		objects = append(objects, csiObject(e))
		data = append(data, keyValues{"objectName": e.Name, "key": e.Name})
	}
	provider, parameters := csiProvider(edits[0].Ref, o)
	list, _ := yaml.Marshal(objects) // maps of strings
	key := "objects"
	switch provider {
	case "gcp":
		key = "secrets"
	case "azure":
		list = azureObjects(objects)
	}
	parameters[key] = string(list)
	name, _ := group[0].target(o)
	return object{"secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", group[0].meta(name), keyValues{
		"provider": provider, "parameters": parameters,
		"secretObjects": []keyValues{{"secretName": name, "type": "Opaque", "data": data}},
	}}
}

func csiProvider(r ref.Ref, o Options) (string, keyValues) {
	switch first, _, _ := strings.Cut(r.Path, "/"); r.Backend {
	case ref.Vault:
		return "vault", keyValues{"roleName": roleOf(o)}
	case ref.AzureKeyVault:
		return "azure", keyValues{"keyvaultName": first, "clientID": "", "tenantId": ""}
	case ref.GCPSecrets:
		return "gcp", keyValues{}
	}
	return "aws", keyValues{}
}

// csiObject is one secret, under the name that the Secret's key takes.
func csiObject(e change.Edit) keyValues {
	switch e.Ref.Backend {
	case ref.Vault:
		mount, path, _ := strings.Cut(e.Ref.Path, "/")
		return keyValues{"objectName": e.Name, "secretPath": mount + "/data/" + path, "secretKey": e.Ref.Key}
	case ref.AzureKeyVault:
		return keyValues{"objectName": remoteKey(e.Ref), "objectAlias": e.Name, "objectType": "secret"}
	case ref.GCPSecrets:
		project, name, _ := strings.Cut(e.Ref.Path, "/")
		return keyValues{"resourceName": "projects/" + project + "/secrets/" + name + "/versions/latest", "path": e.Name}
	}
	kind := "secretsmanager"
	if e.Ref.Backend == ref.AWSParams {
		kind = "ssmparameter"
	}
	obj := keyValues{"objectName": remoteKey(e.Ref), "objectType": kind, "objectAlias": e.Name}
	if e.Ref.Key != "" {
		delete(obj, "objectAlias")
		obj["jmesPath"] = []keyValues{{"path": fmt.Sprintf("%q", e.Ref.Key), "objectAlias": e.Name}}
	}
	return obj
}

// azureObjects are Azure's: a list of texts, each of them YAML.
func azureObjects(objects []keyValues) []byte {
	var array []string
	for _, obj := range objects {
		text, _ := yaml.Marshal(obj)
		array = append(array, string(text))
	}
	out, _ := yaml.Marshal(keyValues{"array": array})
	return out
}

// csiVolumes mounts the class: without a pod that does, the driver makes no Secret.
func csiVolumes(group []*spot) (all change.Change, no *change.Refusal) {
	class := group[0].workload() + "-secrets"
	for _, s := range group {
		for _, add := range []struct {
			to     level
			before string
			key    string
			lines  []string
		}{
			{s.container(), "env", "volumeMounts", []string{"name: " + class, "mountPath: /mnt/" + class, "readOnly: true"}},
			{s.podSpec(), "containers", "volumes", []string{"name: " + class, "csi:", "  driver: secrets-store.csi.k8s.io", "  readOnly: true", "  volumeAttributes:", "    secretProviderClass: " + class}},
		} {
			c, no := s.addItem(add.to.node, add.to.path, add.before, add.key, add.lines...)
			if no != nil {
				return all, no
			}
			all.Add(c)
		}
	}
	return all, nil
}

// agentAnnotations has Vault's agent write a file of exports for each variable
// (developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations).
func agentAnnotations(group []*spot, o Options) (all change.Change, no *change.Refusal) {
	s := group[0]
	lines := []string{`vault.hashicorp.com/agent-inject: "true"`, "vault.hashicorp.com/role: " + roleOf(o)}
	for _, e := range distinct(group) {
		file := strings.ToLower(strings.ReplaceAll(e.Name, "_", "-"))
		mount, path, _ := strings.Cut(e.Ref.Path, "/")
		full := mount + "/data/" + path
		lines = append(lines,
			"vault.hashicorp.com/agent-inject-secret-"+file+": "+full,
			"vault.hashicorp.com/agent-inject-template-"+file+": |",
			fmt.Sprintf("  {{- with secret %q -}}", full),
			fmt.Sprintf("  %s={{ index .Data.data %q }}", e.Name, e.Ref.Key),
			"  {{- end }}")
		all.Needs = append(all.Needs, change.Need{Kind: change.NeedAccess, Name: e.Name, Ref: e.Ref})
		all.Notes = append(all.Notes, "the program reads "+e.Name+" from /vault/secrets/"+file+" (NAME=VALUE): its command must load that file before it starts")
	}
	template := s.template()
	if meta := sub(template.node, "metadata"); meta != nil {
		if notes := sub(meta, "annotations"); notes != nil {
			return s.annotate(all, notes, template, lines)
		}
		c, no := s.addKey(meta, template.path.Child("metadata"), "", "annotations", append([]string{"annotations:"}, indented(lines)...)...)
		all.Add(c)
		return all, no
	}
	lines = append([]string{"metadata:", "  annotations:"}, indented(indented(lines))...)
	c, no := s.addKey(template.node, template.path, "spec", "metadata", lines...)
	all.Add(c)
	return all, no
}

// annotate adds to annotations that are there.
func (s *spot) annotate(all change.Change, notes *yaml.Node, template level, lines []string) (change.Change, *change.Refusal) {
	path := template.path.Child("metadata").Child("annotations")
	c, no := s.addKey(notes, path, "", "vault.hashicorp.com/agent-inject", lines...)
	for _, l := range lines {
		if key, _, ok := strings.Cut(l, ": "); ok && l[0] != ' ' {
			c.Touched = append(c.Touched, change.Touch{Path: path.Child(key).String()})
		}
	}
	all.Add(c)
	return all, no
}

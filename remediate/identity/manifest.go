package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// errByHand is about a manifest that is not written in a way in which a line can be put
// in.
var errByHand = errors.New("a line cannot be put in here: leave manifest: out of the settings, and write the annotation by hand")

// annotateAccount puts the annotation of a role into the manifest of a service account,
// one line or two, and leaves every other byte alone. has tells that it stands there.
func annotateAccount(text []byte, namespace, name, role string) (changed []byte, has bool, err error) {
	docs, err := documents(text)
	if err != nil {
		return nil, false, err
	}
	for _, doc := range docs {
		meta := at(doc, "metadata")
		if scalar(at(doc, "kind")) != "ServiceAccount" || scalar(at(meta, "name")) != name {
			continue
		}
		if ns := scalar(at(meta, "namespace")); ns != "" && ns != namespace {
			continue
		}
		notes := at(meta, "annotations")
		switch there := scalar(at(notes, annotation)); {
		case there == role:
			return text, true, nil
		case there != "":
			return nil, false, fmt.Errorf("the service account has the role %s by its annotation: %w: give that role the needs, or take the annotation out", lastPart(there), ErrForeign)
		}
		changed, err = putIn(text, meta, notes, role)
		if err == nil {
			err = onlyAnnotated(text, changed, namespace, name, role)
		}
		return changed, false, err
	}
	return nil, false, fmt.Errorf("it has no ServiceAccount %s of the namespace %s", name, namespace)
}

// putIn writes the annotation before the first one, or before the first line of
// metadata.
func putIn(text []byte, meta, notes *yaml.Node, role string) ([]byte, error) {
	before, lines := meta, []string{"annotations:", "  " + annotation + ": " + role}
	if notes != nil {
		before, lines = notes, lines[1:]
		lines[0] = strings.TrimSpace(lines[0])
	}
	if before.Kind != yaml.MappingNode || before.Style&yaml.FlowStyle != 0 || len(before.Content) == 0 {
		return nil, errByHand
	}
	first := before.Content[0]
	offset := lineStart(text, first.Line)
	indent := string(text[offset:min(offset+first.Column-1, len(text))])
	if strings.Trim(indent, " ") != "" {
		return nil, errByHand
	}
	end := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		end = "\r\n"
	}
	var more strings.Builder
	for _, l := range lines {
		more.WriteString(indent + l + end)
	}
	return append(append(append([]byte{}, text[:offset]...), more.String()...), text[offset:]...), nil
}

// lineStart is where a line begins, counted from 1.
func lineStart(text []byte, line int) (offset int) {
	for ; line > 1; line-- {
		i := bytes.IndexByte(text[offset:], '\n')
		if i < 0 {
			return len(text)
		}
		offset += i + 1
	}
	return offset
}

// withoutAnnotation are the texts that putIn could have been given.
func withoutAnnotation(text []byte) (all [][]byte) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for i, l := range lines {
		if !bytes.HasPrefix(bytes.TrimSpace(l), []byte(annotation+":")) {
			continue
		}
		for from := max(0, i-1); from <= i; from++ {
			all = append(all, bytes.Join(append(append([][]byte{}, lines[:from]...), lines[i+1:]...), nil))
		}
	}
	return all
}

// onlyAnnotated holds that a change of the text changed nothing but the annotation.
func onlyAnnotated(before, after []byte, namespace, name, role string) error {
	was, errWas := values(before)
	is, errIs := values(after)
	if errWas != nil || errIs != nil {
		return errByHand
	}
	for _, v := range was {
		doc, _ := v.(map[string]any)
		meta, _ := doc["metadata"].(map[string]any)
		if ns, ok := meta["namespace"]; doc["kind"] == "ServiceAccount" && meta["name"] == name && (!ok || ns == namespace || ns == "") {
			notes, ok := meta["annotations"].(map[string]any)
			if !ok {
				notes = map[string]any{}
				meta["annotations"] = notes
			}
			notes[annotation] = role
			break
		}
	}
	if !reflect.DeepEqual(was, is) {
		return errByHand
	}
	return nil
}

func documents(text []byte) (docs []*yaml.Node, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return docs, nil
		} else if err != nil {
			return nil, fmt.Errorf("%w (%w)", errByHand, err)
		}
		docs = append(docs, doc.Content...)
	}
}

func values(text []byte) (all []any, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var v any
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
}

// at is a mapping's value of a key, nil where there is none.
func at(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

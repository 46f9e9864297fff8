package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
)

// pageSize is how many objects one request asks for, as kubectl does.
const pageSize = 500

// Meta is what is known of every object.
type Meta struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	UID             string            `json:"uid"`
	ResourceVersion string            `json:"resourceVersion"`
	Labels          map[string]string `json:"labels"`
}

// listMeta is a list's own.
type listMeta struct {
	Continue        string `json:"continue"`
	ResourceVersion string `json:"resourceVersion"`
}

// List calls each for every object of a kind, in the server's order, and returns the
// version to watch from. namespace "" is all. The bytes are each's to keep; they have
// apiVersion and kind, which the server leaves out in lists of built-in kinds.
func (c *Client) List(ctx context.Context, k Kind, namespace, accept string, each func(object []byte) error) (version string, err error) {
	if accept == "" {
		accept = headerAccept
	}
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	for {
		body, err := c.get(ctx, k.path(namespace), query, accept)
		if status, ok := errors.AsType[*statusError](err); ok && status.Metadata.Continue != "" && query.Get("continue") != status.Metadata.Continue {
			query.Set("continue", status.Metadata.Continue) // what is left as it is by now
			continue
		}
		if err != nil {
			return "", err
		}
		meta, err := decodeList(body, k.typeMeta(), each)
		body.Close()
		if err != nil {
			return "", err
		}
		if version = meta.ResourceVersion; meta.Continue == "" {
			return version, nil
		}
		query.Set("continue", meta.Continue)
	}
}

// decodeList reads a list object by object.
func decodeList(r io.Reader, typeMeta []byte, each func([]byte) error) (meta listMeta, err error) {
	dec := json.NewDecoder(r)
	if err := expect(dec, '{'); err != nil {
		return meta, err
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return meta, badList(err)
		}
		switch name {
		case "metadata":
			err = dec.Decode(&meta)
		case "items":
			err = decodeItems(dec, typeMeta, each)
		default:
			var other json.RawMessage
			err = dec.Decode(&other)
		}
		if err != nil {
			return meta, badList(err)
		}
	}
	return meta, badList(expect(dec, '}'))
}

func decodeItems(dec *json.Decoder, typeMeta []byte, each func([]byte) error) error {
	token, err := dec.Token()
	if err != nil || token == nil { // "items": null is an empty list
		return err
	}
	if token != json.Delim('[') {
		return errors.New("items are no list")
	}
	for dec.More() {
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return err
		}
		if err := each(typed(item, typeMeta)); err != nil {
			return &calleeError{err}
		}
	}
	return expect(dec, ']')
}

func expect(dec *json.Decoder, d json.Delim) error {
	token, err := dec.Token()
	if err == nil && token != d {
		err = fmt.Errorf("%v in the place of %v", token, d)
	}
	return err
}

// calleeError is the caller's own, passed through.
type calleeError struct{ error }

func (e *calleeError) Unwrap() error { return e.error }

func badList(err error) error {
	if err == nil {
		return nil
	}
	if own, ok := errors.AsType[*calleeError](err); ok {
		return own.error
	}
	return fmt.Errorf("read the API server's list: %w", err)
}

// typed is an object with its apiVersion and kind.
func typed(item, typeMeta []byte) []byte {
	if head := item[:min(len(item), 200)]; bytes.Contains(head, []byte(`"apiVersion"`)) && bytes.Contains(head, []byte(`"kind"`)) {
		var has struct{ APIVersion, Kind string }
		if json.Unmarshal(item, &has) == nil && has.APIVersion != "" && has.Kind != "" {
			return item
		}
	}
	rest := bytes.TrimLeft(item, " \t\r\n")
	if len(rest) == 0 || rest[0] != '{' {
		return item
	}
	if rest = bytes.TrimLeft(rest[1:], " \t\r\n"); len(rest) > 0 && rest[0] != '}' {
		typeMeta = append(bytes.Clone(typeMeta), ',')
	}
	return append(append([]byte{'{'}, typeMeta...), rest...)
}

package admit

import (
	"bytes"
	"encoding/json"

	"github.com/oakum-sec/oakum/webhook/internal/rawjson"
)

// object is a Kubernetes object divided at its first two levels.
type object struct {
	text     []byte // as it came; empty where there is none
	fields   []field
	meta     []field
	spare    bool // it has fields that are not looked at
	deleting bool
	broken   error // it is no JSON object
}

type field struct {
	key   string
	value []byte
}

// bookkeeping are fields of metadata that a server or a controller keeps up, and that
// may change where nothing of what a user wrote does.
var bookkeeping = map[string]bool{
	"resourceVersion": true, "generation": true, "uid": true, "creationTimestamp": true, "selfLink": true,
	"deletionTimestamp": true, "deletionGracePeriodSeconds": true, "finalizers": true, "ownerReferences": true,
}

// divide takes apart the object that text begins with, and tells how many bytes it has,
// less than 0 where it does not end. status (what a controller says) and managedFields
// (names of fields, often a third of an object) are left out of what is looked at.
func divide(text []byte) (o object, size int) {
	if len(text) == 0 || text[0] != '{' {
		if size = rawjson.Size(text); size > 0 {
			o.text, o.broken = text[:size], rawjson.ErrBroken
		}
		return o, size
	}
	size, o.broken = rawjson.Each(text, func(key, rest []byte) int {
		switch string(key) {
		case "status":
			o.spare = true
		case "metadata":
			return o.metadata(rest)
		default:
			return keep(&o.fields, key, rest)
		}
		return rawjson.Size(rest)
	})
	if o.text = text[:size]; o.broken != nil {
		return o, -1
	}
	return o, size
}

// metadata takes apart what text begins with, and tells how many bytes it has.
func (o *object) metadata(text []byte) int {
	if len(text) == 0 || text[0] != '{' {
		return rawjson.Size(text)
	}
	size, err := rawjson.Each(text, func(key, rest []byte) int {
		switch string(key) {
		case "managedFields":
			o.spare = true
			return rawjson.Size(rest)
		case "deletionTimestamp":
			o.deleting = !rawjson.Empty(rawjson.Value(rest))
		}
		return keep(&o.meta, key, rest)
	})
	if err != nil {
		return -1
	}
	return size
}

// keep adds the field that rest begins with the value of.
func keep(fields *[]field, key, rest []byte) (size int) {
	if size = rawjson.Size(rest); size > 0 {
		*fields = append(*fields, field{string(key), rest[:size]})
	}
	return size
}

// of is a field's value, the last one's as decoders have it.
func of(fields []field, key string) (value []byte) {
	for _, f := range fields {
		if f.key == key {
			value = f.value
		}
	}
	return value
}

func (o *object) string(key string) string     { return rawjson.String(of(o.fields, key)) }
func (o *object) metaString(key string) string { return rawjson.String(of(o.meta, key)) }
func (o *object) annotation(key string) string {
	return rawjson.String(rawjson.Field(of(o.meta, "annotations"), key))
}

// labels are the object's own.
func (o *object) labels() map[string]string {
	var labels map[string]string
	_ = json.Unmarshal(of(o.meta, "labels"), &labels) // what is no map of strings is no labels
	return labels
}

// saysTheSame tells whether all that is looked at is what it was, byte by byte: an API
// server writes both of an update's objects in one way.
func (o *object) saysTheSame(old *object) bool {
	return same(o.fields, old.fields, nil) && same(o.meta, old.meta, bookkeeping)
}

// same compares two lists of fields, without those of but.
func same(a, b []field, but map[string]bool) bool {
	i, j := 0, 0
	for {
		for i < len(a) && but[a[i].key] {
			i++
		}
		for j < len(b) && but[b[j].key] {
			j++
		}
		if i == len(a) || j == len(b) {
			return i == len(a) && j == len(b)
		}
		if a[i].key != b[j].key || !bytes.Equal(a[i].value, b[j].value) {
			return false
		}
		i, j = i+1, j+1
	}
}

// looked is the object without what is not looked at, as JSON.
func (o *object) looked() []byte {
	if !o.spare {
		return o.text
	}
	b := bytes.NewBuffer(make([]byte, 0, len(o.text)))
	b.WriteString(`{"metadata":{`)
	write(b, o.meta)
	b.WriteByte('}')
	if len(o.fields) > 0 {
		b.WriteByte(',')
	}
	write(b, o.fields)
	b.WriteByte('}')
	return b.Bytes()
}

func write(b *bytes.Buffer, fields []field) {
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		key, _ := json.Marshal(f.key) // a string has no error
		b.Write(key)
		b.WriteByte(':')
		b.Write(f.value)
	}
}

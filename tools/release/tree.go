package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// file is one of an archive.
type file struct {
	name    string // with '/'
	mode    fs.FileMode
	content []byte
}

// tree is an archive's files.
type tree []file

// sorted is the tree in the order of names.
func (t tree) sorted() tree {
	t = slices.Clone(t)
	slices.SortFunc(t, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return t
}

// below is the tree in a folder.
func (t tree) below(dir string) tree {
	t = slices.Clone(t)
	for i := range t {
		t[i].name = dir + "/" + t[i].name
	}
	return t
}

// tarGz packs the tree. Owner is root, and every time is at.
func (t tree) tarGz(at time.Time) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, f := range t.sorted() {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode.Perm()), Size: int64(len(f.content)), ModTime: at, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}

// zip packs the tree, in its own order: a wheel's RECORD comes last.
func (t tree) zip(at time.Time) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range t {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		h.SetMode(f.mode.Perm())
		to, err := w.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(f.content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// saved writes an image as docker save did before version 25 and skopeo does: layers
// as plain tars, named after their digests, a configuration, a list of both.
func saved(file string, img v1.Image) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	defer func() { err = errors.Join(err, w.Close(), f.Close()) }()
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	var names []string
	for _, l := range layers {
		name, err := savedLayer(w, l)
		if err != nil {
			return err
		}
		names = append(names, name)
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	list, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{"bench/app:v1"}, "Layers": names}})
	if err != nil {
		return err
	}
	return errors.Join(member(w, "config.json", config), member(w, "manifest.json", list))
}

func savedLayer(w *tar.Writer, l v1.Layer) (string, error) {
	id, err := l.DiffID()
	if err != nil {
		return "", err
	}
	r, err := l.Uncompressed()
	if err != nil {
		return "", err
	}
	size, err := io.Copy(io.Discard, r) // a tar's header tells it first
	if err = errors.Join(err, r.Close()); err != nil {
		return "", err
	}
	if r, err = l.Uncompressed(); err != nil {
		return "", err
	}
	defer r.Close()
	name := id.Hex + ".tar"
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: size}); err != nil {
		return "", err
	}
	_, err = io.Copy(w, r)
	return name, err
}

func member(w *tar.Writer, name string, text []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err := w.Write(text)
	return err
}

package agent

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// settings are the files of a project in which an agent looks for hooks.
type settings struct {
	file    string // "/" between folders, from the project's top
	first   []member
	entries func(command string, strict bool) []entry
	scripts []string // executable files of their own, by event; file is their folder
	note    string   // what is to be done beside
}

// entry is one value that is to stand in a list of the file.
type entry struct {
	list  []string // the names that lead to the list
	value *node
}

// Change is a file as it is and as it is to be.
type Change struct {
	File string // "/" between folders, from the project's top
	Old  []byte // nil: there is none
	New  []byte
	Run  bool // it is to be executable
}

// mark is how an entry of ours is known again.
const mark = "hook run agent --agent"

// ErrNoSettings is about an agent that has no documented file for hooks.
var ErrNoSettings = errors.New("it has no documented file for hooks; its plugins can run `oakum hook run agent --agent plain` (docs/agents.md)")

// Install tells what has to change in a project's files so that the agent runs
// command, which ends in flags of "hook run agent"; nothing where all is as it is to
// be. What else is in a file stays, in its order. strict has an agent that can do so
// stop where the hook fails. note is what the person has to do beside.
func (a *Agent) Install(command string, strict bool, read func(file string) ([]byte, error)) (changes []Change, note string, err error) {
	s := a.settings
	if s == nil {
		return nil, "", ErrNoSettings
	}
	if len(s.scripts) > 0 {
		changes, err = s.installScripts(command, read)
		return changes, s.note, err
	}
	old, err := read(s.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	tree, err := s.tree(old)
	if err != nil {
		return nil, "", err
	}
	was := string(tree.text(""))
	for _, e := range s.entries(command, strict) {
		list, err := tree.list(e.list...)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", s.file, err)
		}
		list.put(e.value)
	}
	if old == nil || string(tree.text("")) != was {
		changes = append(changes, Change{File: s.file, Old: old, New: tree.text(indentOf(old))})
	}
	return changes, s.note, nil
}

// Uninstall tells what has to change so that the agent runs nothing of ours.
func (a *Agent) Uninstall(read func(file string) ([]byte, error)) (changes []Change, err error) {
	s := a.settings
	if s == nil {
		return nil, ErrNoSettings
	}
	files := []string{s.file}
	if len(s.scripts) > 0 {
		files = nil
		for _, name := range s.scripts {
			files = append(files, path.Join(s.file, name))
		}
	}
	for _, file := range files {
		old, err := read(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !strings.Contains(string(old), mark) {
			continue
		}
		if err != nil {
			return nil, err
		}
		c := Change{File: file, Old: old}
		if len(s.scripts) == 0 {
			tree, err := s.tree(old)
			if err != nil {
				return nil, err
			}
			if tree.drop(); !tree.bare(s.first) {
				c.New = tree.text(indentOf(old))
			}
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// tree is the file as it is, or as it begins.
func (s *settings) tree(old []byte) (*node, error) {
	if len(strings.TrimSpace(string(old))) == 0 {
		return &node{object: true, members: append([]member(nil), s.first...)}, nil
	}
	tree, err := readNode(old)
	if err != nil {
		return nil, fmt.Errorf("%s is not plain JSON (%w), so nothing was changed: add the hooks by hand as docs/agents.md shows", s.file, err)
	}
	if !tree.object {
		return nil, fmt.Errorf("%s holds no JSON object, so nothing was changed", s.file)
	}
	for _, m := range s.first {
		if tree.member(m.name) == nil {
			tree.members = append([]member{m}, tree.members...)
		}
	}
	return tree, nil
}

func (s *settings) installScripts(command string, read func(string) ([]byte, error)) (changes []Change, err error) {
	want := "#!/bin/sh\n# Written by `oakum hook install agent`.\nexec " + command + "\n"
	for _, name := range s.scripts {
		file := path.Join(s.file, name)
		old, err := read(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		case string(old) == want:
			continue
		case !strings.Contains(string(old), mark):
			return nil, fmt.Errorf("%s is another program's hook, so nothing was changed: have it pipe its input to\n%s", file, command)
		}
		changes = append(changes, Change{File: file, Old: old, New: []byte(want), Run: true})
	}
	return changes, nil
}

package triage

import "charm.land/bubbles/v2/key"

// The keys of the screen, as its help lists them.
type keyMap struct {
	Up, Down, Top, Bottom, Scroll, Unscroll   key.Binding
	False, Fixed, Remediate, Later, Undo      key.Binding
	Search, Filter, Sort, Help, Quit, Nothing key.Binding
}

func keys() keyMap {
	bind := func(about string, names ...string) key.Binding {
		return key.NewBinding(key.WithKeys(names...), key.WithHelp(names[0], about))
	}
	return keyMap{
		Up: bind("the secret above", "up", "k"), Down: bind("the secret below", "down", "j"),
		Top: bind("the first", "home", "g"), Bottom: bind("the last", "end", "G"),
		Scroll: bind("more of the details", "pgdown", "space"), Unscroll: bind("back up", "pgup", "b"),
		False: bind("false positive: writes your reason to .oakum-allow", "f"),
		Fixed: bind("fixed: revoked, or taken out", "x"), Remediate: bind("to remediate", "r"),
		Later: bind("skip for today", "s"), Undo: bind("take the decision back", "u"),
		Search: bind("search rule, place, name and id", "/"), Filter: bind("show: open, all, decided", "tab"),
		Sort: bind("sort: severity, place, rule, number of places", "o"), Help: bind("this help", "?"),
		Quit: bind("leave; everything is kept", "q", "ctrl+c"), Nothing: bind("back", "esc"),
	}
}

// groups are the bindings as the help shows them.
func (k keyMap) groups() []struct {
	title string
	keys  []key.Binding
} {
	return []struct {
		title string
		keys  []key.Binding
	}{
		{"Move", []key.Binding{k.Up, k.Down, k.Top, k.Bottom, k.Scroll, k.Unscroll}},
		{"Decide", []key.Binding{k.False, k.Fixed, k.Remediate, k.Later, k.Undo}},
		{"Look", []key.Binding{k.Search, k.Filter, k.Sort, k.Help, k.Quit}},
	}
}

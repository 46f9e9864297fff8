package policy

import "github.com/oakum-sec/oakum/leak"

// placeLeaf is one leaf of a place's document.
type placeLeaf struct {
	name string
	get  func(leak.Place) any
}

// placeLeaves are what policies may ask of a place. "kind", "text" and "path"
// are there for every kind; path is "" where a place has none.
var placeLeaves = []placeLeaf{
	{"field", func(p leak.Place) any {
		switch p := p.(type) {
		case leak.ObjectField:
			return p.Field
		case leak.ImageConfig:
			return p.Field
		}
		return nil
	}},
	{"image", func(p leak.Place) any {
		switch p := p.(type) {
		case leak.ImageFile:
			return p.Image
		case leak.ImageConfig:
			return p.Image
		}
		return nil
	}},
	{"inner", func(p leak.Place) any { return list(innerOf(p)) }},
	{"job", func(p leak.Place) any {
		if p, ok := p.(leak.JobLog); ok {
			return p.Job
		}
		return nil
	}},
	{"kind", func(p leak.Place) any { return p.Kind() }},
	{"name", nameOf},
	{"namespace", func(p leak.Place) any { return ofObject(p, func(o leak.ObjectField) any { return word(o.Namespace) }) }},
	{"object", func(p leak.Place) any { return ofObject(p, func(o leak.ObjectField) any { return o.Object }) }},
	{"path", func(p leak.Place) any { return p.Path() }},
	{"repo", func(p leak.Place) any {
		switch p := p.(type) {
		case leak.GitBlob:
			return word(p.Repo)
		case leak.GitMessage:
			return word(p.Repo)
		}
		return nil
	}},
	{"scope", func(p leak.Place) any {
		switch p := p.(type) {
		case leak.Variable:
			return p.Scope
		case leak.JobLog:
			return p.Scope
		}
		return nil
	}},
	{"text", func(p leak.Place) any { return p.String() }},
	{"what", func(p leak.Place) any {
		if p, ok := p.(leak.GitMessage); ok {
			return p.What
		}
		return nil
	}},
}

// nameOf is the name of a variable or an object; a file's is its path.
func nameOf(p leak.Place) any {
	switch p := p.(type) {
	case leak.Variable:
		return p.Name
	case leak.ObjectField:
		return word(p.Name)
	}
	return nil
}

func ofObject(p leak.Place, get func(leak.ObjectField) any) any {
	if o, ok := p.(leak.ObjectField); ok {
		return get(o)
	}
	return nil
}

// innerOf are the archive members on the way to the text.
func innerOf(p leak.Place) []string {
	switch p := p.(type) {
	case leak.File:
		return p.Inner
	case leak.Stdin:
		return p.Inner
	case leak.GitBlob:
		return p.Inner
	case leak.ImageFile:
		return p.Inner
	case leak.JobLog:
		return p.Inner
	case leak.ObjectField:
		return p.Inner
	}
	return nil
}

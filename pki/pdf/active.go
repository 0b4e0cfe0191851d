package pdf

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
)

// maxUnpackedWhole is what all packed objects of a file may come to, in bytes.
const maxUnpackedWhole = 256 << 20

// actions are those that do more than turn to another page or address
// (ISO 32000-1 §12.6.4): what they do is part of no signature.
var actions = map[name]string{
	"JavaScript":       "scripts",
	"Launch":           "actions that start programs",
	"SubmitForm":       "actions that send or fetch data",
	"ImportData":       "actions that send or fetch data",
	"GoToE":            "embedded files",
	"Hide":             "actions that change what is seen",
	"SetOCGState":      "actions that change what is seen",
	"Rendition":        "sound, film or models",
	"Sound":            "sound, film or models",
	"Movie":            "sound, film or models",
	"RichMedia":        "sound, film or models",
	"RichMediaExecute": "scripts",
	"GoTo3DView":       "sound, film or models",
}

// annotations are those that show what the page itself does not.
var annotations = map[name]string{
	"FileAttachment": "embedded files", "RichMedia": "sound, film or models", "3D": "sound, film or models",
	"Screen": "sound, film or models", "Movie": "sound, film or models", "Sound": "sound, film or models",
}

// marks are members that no sheet of paper has.
var marks = map[name]string{
	"JS": "scripts", "JavaScript": "scripts", "EF": "embedded files", "EmbeddedFiles": "embedded files", "XFA": "a form in XFA",
}

// Active lists what makes a file more than what is seen on its pages: scripts,
// actions, embedded files, forms and media that change or hide what a person
// reads. Each kind is told once, in order. All objects are looked at, also those
// that nothing refers to. What is wrong with the file is a *Fault.
func (f *File) Active() ([]string, error) {
	found := map[string]bool{}
	err := faultOf(f.each(func(o object) { look(o, found) }))
	return slices.Sorted(maps.Keys(found)), err
}

func look(o object, found map[string]bool) {
	switch v := o.(type) {
	case array:
		for _, item := range v {
			look(item, found)
		}
	case dict:
		for key, value := range v {
			if kind := marks[key]; kind != "" {
				found[kind] = true
			}
			look(value, found)
		}
		if s, ok := v["S"].(name); ok && actions[s] != "" {
			found[actions[s]] = true
		}
		if s, ok := v["Subtype"].(name); ok && annotations[s] != "" {
			found[annotations[s]] = true
		}
		if v["Type"] == name("EmbeddedFile") {
			found["embedded files"] = true
		}
	}
}

// each visits every object, in the order in which they lie. A file whose objects
// lie over one another is refused: reading them all would have no end.
func (f *File) each(visit func(object)) error {
	type entry struct {
		number int
		place
	}
	entries := make([]entry, 0, len(f.objects))
	holders := map[int]bool{}
	for number, p := range f.objects {
		switch {
		case p.kind == packed:
			holders[int(p.at)] = true
		case p.kind == direct && p.at > 0:
			entries = append(entries, entry{number, p})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.at, b.at) })
	end, unpacked := int64(0), 0
	for _, e := range entries {
		if e.at < end {
			return malformed("object %d lies in another", e.number)
		}
		o, s, err := f.objectAt(e.at, e.number)
		if err != nil {
			return err
		}
		end = s.at
		visit(o)
		d, ok := o.(dict)
		if !ok || d["Type"] != name("ObjStm") {
			if holders[e.number] {
				return malformed("objects are packed into nothing")
			}
			continue
		}
		content, err := f.content(d, s)
		if err != nil {
			return err
		}
		if unpacked += len(content); unpacked > maxUnpackedWhole {
			return malformed("its packed objects are too large")
		}
		if err := eachPacked(d, content, visit); err != nil {
			return err
		}
	}
	return nil
}

// eachPacked visits the objects of a stream of objects, each where the stream's
// head says that it is (ISO 32000-1 §7.5.7).
func eachPacked(d dict, content []byte, visit func(object)) error {
	size := int64(len(content))
	first, ok := number(d["First"])
	count, _ := number(d["N"])
	if !ok || first < 0 || first > size || count < 0 || count > size {
		return errSyntax
	}
	in := bytes.NewReader(content)
	head := scan(in, 0, size)
	offsets := make([]int64, 0, count)
	for range count {
		if _, err := head.integer(); err != nil {
			return err
		}
		offset, err := head.integer()
		if err != nil {
			return err
		}
		if offset > size-first {
			return errSyntax
		}
		offsets = append(offsets, first+offset)
	}
	slices.Sort(offsets)
	end := int64(0)
	for _, at := range offsets {
		if at < end {
			return malformed("packed objects lie in one another")
		}
		s := scan(in, at, size)
		o, err := s.object(0)
		if err != nil {
			return err
		}
		end = s.at
		visit(o)
	}
	return nil
}

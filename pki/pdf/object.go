package pdf

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
)

// An object is one of: name, ref, dict, array, text (a string as its bytes), or
// word (numbers, booleans, null) as it was written.
type object any

type (
	name  string
	word  string
	text  []byte
	array []object
	dict  map[name]object
	ref   struct{ number, generation int }
)

// null is what is not there.
const null word = "null"

// number gives a whole number, or false.
func number(o object) (int64, bool) {
	w, ok := o.(word)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(string(w), 10, 64)
	return n, err == nil
}

// write writes an object as the file format has it. Members of a dictionary come
// in order, so that the same object always becomes the same bytes.
func write(b *bytes.Buffer, o object) {
	switch v := o.(type) {
	case nil:
		b.WriteString(string(null))
	case name:
		writeName(b, v)
	case word:
		b.WriteString(string(v))
	case text:
		fmt.Fprintf(b, "<%x>", []byte(v))
	case ref:
		fmt.Fprintf(b, "%d %d R", v.number, v.generation)
	case array:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(' ')
			}
			write(b, item)
		}
		b.WriteByte(']')
	case dict:
		keys := make([]name, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		b.WriteString("<<")
		for _, key := range keys {
			writeName(b, key)
			b.WriteByte(' ')
			write(b, v[key])
			b.WriteByte('\n')
		}
		b.WriteString(">>")
	}
}

// writeName escapes what a name may not hold as it is (ISO 32000-1 §7.3.5).
func writeName(b *bytes.Buffer, n name) {
	b.WriteByte('/')
	for i := range len(n) {
		if c := n[i]; c <= ' ' || c >= 0x7f || delimits(c) || c == '#' {
			fmt.Fprintf(b, "#%02x", c)
		} else {
			b.WriteByte(c)
		}
	}
}

// with gives a copy of the dictionary in which one member is another.
func (d dict) with(key name, value object) dict {
	other := make(dict, len(d)+1)
	for k, v := range d {
		other[k] = v
	}
	other[key] = value
	return other
}

// utf16 writes a text string (ISO 32000-1 §7.9.2.2).
func utf16(s string) text {
	out := text{0xfe, 0xff}
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			high, low := 0xd800+r>>10, 0xdc00+r&0x3ff
			out = append(out, byte(high>>8), byte(high), byte(low>>8), byte(low))
			continue
		}
		out = append(out, byte(r>>8), byte(r))
	}
	return out
}

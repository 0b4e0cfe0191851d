package signdoc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// errTooLong says that what is not a document takes more than it may.
var errTooLong = errors.New("the order beside its documents is too long")

// A splitter reads a JSON text and takes the strings of one member out of it as
// they come: they are documents, and never whole in memory. In their place stands
// a mark. It does not check the JSON: what is left is parsed afterwards.
type splitter struct {
	in     *bufio.Reader
	member string // whose strings are taken out
	most   int    // bytes of what is left
	// take reads one string, unescaped, and gives the mark.
	take func(content io.Reader) (mark string, err error)

	left bytes.Buffer
}

// split reads the text to its end and gives what is left of it.
func (s *splitter) split() ([]byte, error) {
	key, value := "", false // the last string, and whether its value comes next
	for {
		c, err := s.in.ReadByte()
		if err == io.EOF {
			return s.left.Bytes(), nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case c == '"' && value && key == s.member:
			if err := s.takeOut(); err != nil {
				return nil, err
			}
			value = false
			continue
		case c == '"':
			if key, err = s.pass(); err != nil {
				return nil, err
			}
			value = false
			continue
		case c == ':':
			value = true
		case c != ' ' && c != '\t' && c != '\n' && c != '\r':
			value = false
		}
		if err := s.keep(c); err != nil {
			return nil, err
		}
	}
}

func (s *splitter) keep(c byte) error {
	if s.left.Len() >= s.most {
		return errTooLong
	}
	return s.left.WriteByte(c)
}

// pass leaves a string where it is, and gives its bytes.
func (s *splitter) pass() (string, error) {
	if err := s.keep('"'); err != nil {
		return "", err
	}
	from, escaped := s.left.Len(), false
	for {
		c, err := s.in.ReadByte()
		if err != nil {
			return "", unexpected(err)
		}
		if err := s.keep(c); err != nil {
			return "", err
		}
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			return string(s.left.Bytes()[from : s.left.Len()-1]), nil
		}
	}
}

func (s *splitter) takeOut() error {
	content := &stringReader{in: s.in}
	mark, err := s.take(content)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, content); err != nil { // what was not looked at
		return err
	}
	for _, c := range []byte(strconv.Quote(mark)) {
		if err := s.keep(c); err != nil {
			return err
		}
	}
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A stringReader reads a JSON string up to its end and undoes escapes of ASCII.
type stringReader struct {
	in   *bufio.Reader
	done bool
}

func (r *stringReader) Read(p []byte) (n int, err error) {
	for n < len(p) && !r.done {
		c, err := r.in.ReadByte()
		if err != nil {
			return n, unexpected(err)
		}
		switch c {
		case '"':
			r.done = true
			continue
		case '\\':
			if c, err = r.escaped(); err != nil {
				return n, err
			}
		}
		p[n] = c
		n++
	}
	if r.done && n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *stringReader) escaped() (byte, error) {
	c, err := r.in.ReadByte()
	if err != nil {
		return 0, unexpected(err)
	}
	switch c {
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		var digits [4]byte
		if _, err := io.ReadFull(r.in, digits[:]); err != nil {
			return 0, unexpected(err)
		}
		n, err := strconv.ParseUint(string(digits[:]), 16, 16)
		if err != nil {
			return 0, fmt.Errorf("not an escape: %q", digits)
		}
		if n > 0x7f {
			n = 0 // no letter of base64, and refused as such
		}
		return byte(n), nil
	}
	return c, nil
}

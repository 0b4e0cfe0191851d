package catalog

import "bytes"

// maxNesting bounds what is handed to the YAML parser, whose work grows with
// the square of the nesting: brackets that stay open, columns of indentation,
// and dashes at the beginning of a line. The language itself is far below it.
const maxNesting = 200

// nesting gives the first line in which a file is nested beyond all measure, 0
// for none. It does not know YAML: brackets in texts count too, but those
// close again.
func nesting(data []byte) int {
	open, number := 0, 0
	for line := range bytes.Lines(data) {
		number++
		if begins(line) > maxNesting {
			return number
		}
		for _, c := range line {
			switch c {
			case '[', '{':
				open++
			case ']', '}':
				open = max(0, open-1)
			}
			if open > maxNesting {
				return number
			}
		}
	}
	return 0
}

// begins counts what stands before the first word of a line.
func begins(line []byte) int {
	for i, c := range line {
		switch c {
		case ' ', '\t', '-', '?', ':', '\r', '\n':
		case '#':
			return 0
		default:
			return i
		}
	}
	return 0
}

package source

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
)

// decode reads JSON into what expressions work on: text, bool, int64, float64,
// nil, []any, map[string]any. Whole numbers are int64, because a time in
// milliseconds must leave as it came and because CEL tells the two apart.
func decode(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, errors.New("no JSON value")
	}
	return numbers(value)
}

// object is decode for what has to be an object.
func object(text []byte) (map[string]any, error) {
	value, err := decode(text)
	if err != nil {
		return nil, err
	}
	members, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("no JSON object")
	}
	return members, nil
}

// numbers replaces every json.Number, in place.
func numbers(value any) (any, error) {
	var err error
	switch v := value.(type) {
	case json.Number:
		return number(v)
	case []any:
		for i := range v {
			if v[i], err = numbers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			if v[name], err = numbers(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// number gives int64 for a whole number written as one, else float64.
func number(n json.Number) (any, error) {
	if !strings.ContainsAny(n.String(), ".eE") {
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
	}
	f, err := n.Float64()
	if err != nil || math.IsInf(f, 0) {
		return nil, errors.New("a number that is too large")
	}
	return f, nil
}

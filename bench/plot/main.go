// Command plot draws the results of the load generator as SVG: server CPU per
// request, one group of bars an operation, one bar a target. It reads one file
// of bench/results (the newest, if none is named) and writes one picture.
//
//	bench/results/*.json ─▶ plot ─▶ docs/performance.svg
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"log"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

type report struct {
	Date    string
	Commit  string
	Results []result
}

type result struct {
	Target, Operation string
	Connections       int
	Requests          int
	CPU               float64 `json:"server_cpu_ms_per_request"`
}

func main() {
	in := flag.String("in", "", "results (default: the newest of bench/results)")
	out := flag.String("out", "docs/performance.svg", "picture")
	connections := flag.Int("connections", 32, "of the runs to draw")
	flag.Parse()
	if err := plot(*in, *out, *connections); err != nil {
		log.Fatal("plot: ", err)
	}
}

func plot(in, out string, connections int) error {
	if in == "" {
		all, err := filepath.Glob("bench/results/*.json")
		if err != nil || len(all) == 0 {
			return fmt.Errorf("no results in bench/results; run go run ./bench first")
		}
		in = slices.Max(all) // names are dates
	}
	text, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	r.Results = slices.DeleteFunc(r.Results, func(x result) bool { return x.Connections != connections || x.Requests == 0 })
	if len(r.Results) == 0 {
		return fmt.Errorf("%s: nothing measured at %d connections", in, connections)
	}
	return os.WriteFile(out, []byte(draw(&r, connections)), 0o644)
}

// colours tell targets apart, also in grey and for those who see few colours.
var colours = []string{"#1b4f72", "#5dade2", "#7d6608", "#f4d03f", "#7b241c", "#909497"}

const (
	left, right  = 170.0, 90.0
	width        = 860.0
	bar, between = 13.0, 14.0
	top          = 92.0
	least, most  = 0.01, 100.0 // ends of the scale, milliseconds
)

// draw makes horizontal bars on a logarithmic scale: a thousandth and the whole
// of a password hash stand on one sheet.
func draw(r *report, connections int) string {
	operations, targets := order(r.Results)
	var b strings.Builder
	y := top
	for _, op := range operations {
		y = group(&b, r.Results, op, targets, y)
	}
	height := y + 30
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" font-family="sans-serif" font-size="11" role="img" aria-labelledby="t">`+"\n", width, height, width, height)
	fmt.Fprintf(&s, `<title id="t">Server CPU per request, milliseconds, %d connections</title><rect width="100%%" height="100%%" fill="#fff"/>`+"\n", connections)
	fmt.Fprintf(&s, `<text x="10" y="20" font-size="14">Server CPU per request, milliseconds (less is better), %d connections; %s, %.12s</text>`+"\n", connections, html.EscapeString(r.Date), html.EscapeString(r.Commit))
	for i, name := range targets {
		x, row := 10+float64(i%3)*270, 36+float64(i/3)*18
		fmt.Fprintf(&s, `<rect x="%.0f" y="%.0f" width="11" height="11" fill="%s"/><text x="%.0f" y="%.0f">%s</text>`+"\n", x, row, colours[i%len(colours)], x+16, row+10, html.EscapeString(name))
	}
	for v := least; v <= most*1.01; v *= 10 {
		x := at(v)
		fmt.Fprintf(&s, `<line x1="%.1f" y1="%.0f" x2="%.1f" y2="%.0f" stroke="#ddd"/><text x="%.1f" y="%.0f" text-anchor="middle" fill="#555">%g</text>`+"\n", x, top-8, x, y, x, y+14, v)
	}
	s.WriteString(b.String())
	s.WriteString("</svg>\n")
	return s.String()
}

// at places a value on the logarithmic scale.
func at(v float64) float64 {
	v = min(max(v, least), most)
	return left + (width-left-right)*math.Log10(v/least)/math.Log10(most/least)
}

// group draws the bars of one operation and gives where the next group begins.
func group(b *strings.Builder, all []result, op string, targets []string, y float64) float64 {
	begin := y
	for i, name := range targets {
		found := slices.IndexFunc(all, func(r result) bool { return r.Target == name && r.Operation == op })
		if found < 0 {
			continue
		}
		v := all[found].CPU
		fmt.Fprintf(b, `<rect x="%.0f" y="%.1f" width="%.1f" height="%.0f" fill="%s"/><text x="%.1f" y="%.1f">%.3f</text>`+"\n", left, y, at(v)-left, bar-2, colours[i%len(colours)], at(v)+4, y+bar-4, v)
		y += bar
	}
	fmt.Fprintf(b, `<text x="%.0f" y="%.1f" text-anchor="end" font-size="12">%s</text>`+"\n", left-8, (begin+y)/2+3, html.EscapeString(op))
	return y + between
}

// order gives operations and targets as they were measured.
func order(all []result) (operations, targets []string) {
	for _, r := range all {
		if !slices.Contains(operations, r.Operation) {
			operations = append(operations, r.Operation)
		}
		if !slices.Contains(targets, r.Target) {
			targets = append(targets, r.Target)
		}
	}
	return operations, targets
}

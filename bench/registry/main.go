// Command registry measures what a full registry costs: houses whose stores were
// filled with ten and with many scopes, clients and access grants answer the same
// requests, and the server's CPU time for each is compared.
//
//	fill a store ─▶ house ─▶ ready ─▶ /scopes/all, a client, a token, grants of one owner ─▶ memory
//
// The stores are filled by the store's own verbs. The clients have their keys in
// the house's fixtures or are registered through its APIs.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
)

func main() {
	scopes := flag.Int("scopes", 10_000, "scopes of the full house")
	clients := flag.Int("clients", 100_000, "clients of the full house")
	grants := flag.Int("grants", 1_000_000, "access grants of the full house")
	times := flag.Int("times", 400, "tokens asked for in one run; other requests a tenth of it")
	rounds := flag.Int("rounds", 5, "runs of each request, in turn at both houses; the median counts")
	flag.Parse()
	if err := run(size{*scopes, *clients, *grants}, *times, *rounds); err != nil {
		log.Fatal("registry: ", err)
	}
}

// A size says how full a house is.
type size struct{ scopes, clients, grants int }

func run(full size, times, rounds int) error {
	dir, err := os.MkdirTemp("", "tillit-registry-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "house")
	if out, err := exec.Command("go", "build", "-o", binary, "./bench/house").CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	var both []*tried
	for i, s := range []size{{10, 10, 10}, full} {
		h, err := open(binary, filepath.Join(dir, fmt.Sprint(i)), s)
		if err != nil {
			return err
		}
		defer h.stop()
		both = append(both, h)
	}
	for range rounds { // in turn, so that neighbours disturb both alike
		for _, h := range both {
			if err := h.round(times); err != nil {
				return err
			}
		}
	}
	return tell(both)
}

func tell(both []*tried) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "CPU ms, medians\tten of each\tfull\ttimes\t\n")
	line := func(what string, few, many float64) {
		fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%.2f\t\n", what, few, many, many/few)
	}
	line("start-up", both[0].started, both[1].started)
	for _, r := range requests {
		line(r.name, median(both[0].cost[r.name]), median(both[1].cost[r.name]))
	}
	line("idle memory, MiB", both[0].idle, both[1].idle)
	for _, h := range both {
		now, err := memory(h.command.Process.Pid)
		if err != nil {
			return err
		}
		h.after = now
	}
	line("memory after, MiB", both[0].after, both[1].after)
	return table.Flush()
}

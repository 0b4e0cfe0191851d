package pages_test

import (
	"flag"
	"os"
	"testing"

	"github.com/tillit/tillit/interop/house"
)

// pictures says that the run takes new pictures for docs/pages.md.
var pictures = flag.Bool("pictures", false, "take the pictures of docs/pages")

var running *house.House

func TestMain(m *testing.M) {
	os.Exit(house.Run(m, func(h *house.House) { running = h }))
}

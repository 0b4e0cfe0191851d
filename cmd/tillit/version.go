package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// version is the release; a build from a working copy adds its revision.
const version = "0.1.0"

type versionCommand struct{}

// Run prints the version, the revision it was built from and the Go release.
func (versionCommand) Run(c *console) error {
	revision := revision()
	if c.json {
		return json.NewEncoder(c.out).Encode(map[string]string{"version": version, "revision": revision, "go": runtime.Version()})
	}
	_, err := fmt.Fprintln(c.out, strings.Join(strings.Fields("tillit "+version+" "+revision+" "+runtime.Version()), " "))
	return err
}

// revision gives the revision that the program was built from, "" when nobody
// noted it.
func revision() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return ""
}

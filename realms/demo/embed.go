// Package demodata holds the people, clients and resource servers that dev
// puts into its store: one file per shipped realm, read by internal/demo.
//
// Everybody in it is invented. National identity numbers are synthetic (month +
// 80) and organization numbers pass modulus 11; a test says so for each.
package demodata

import "embed"

// Files holds one YAML file per realm, named for it.
//
//go:embed *.yaml
var Files embed.FS

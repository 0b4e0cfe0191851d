package main

import (
	"bytes"
	_ "embed" // the schema is part of the command
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/santhosh-tekuri/jsonschema/v6"
	shape "github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/tillit/tillit/catalog"
)

// A config is the configuration file of serve; config.schema.json says what
// each field means. Paths in it are resolved already.
type config struct {
	Listen        string            `yaml:"listen"`
	BaseURL       string            `yaml:"base_url"`
	Issuers       map[string]string `yaml:"issuers"`
	Realms        string            `yaml:"realms"`
	Store         string            `yaml:"store"`
	MasterKeyFile string            `yaml:"master_key_file"`
	MasterKeyEnv  string            `yaml:"master_key_env"`
	MasterKeyFrom []string          `yaml:"master_key_command"`
	FormerKeys    []string          `yaml:"former_master_key_files"`
	TLS           *tlsFiles         `yaml:"tls"`
	Proxies       []string          `yaml:"trusted_proxies"`
	MutualTLS     *mutualTLS        `yaml:"mutual_tls"`
	Operations    *operations       `yaml:"operations"`
	Outgoing      outgoing          `yaml:"outgoing"`
	Sources       sources           `yaml:"sources"`
	Traces        *traces           `yaml:"traces"`
	RequestLog    *bool             `yaml:"request_log"`
	LogLevel      slog.Level        `yaml:"-"`
	Level         string            `yaml:"log_level"`

	file *configFile
}

type tlsFiles struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// operations is the listener for those who run the provider.
type operations struct {
	Listen string `yaml:"listen"`
}

// defaultOperations is where they look unless told otherwise.
const defaultOperations = "127.0.0.1:9090"

//go:embed config.schema.json
var configSchema []byte

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// readConfig reads a configuration file. The error is catalog.Faults with
// everything that is wrong in it.
func readConfig(path string) (*config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if info.Size() > maxConfig {
		return nil, fmt.Errorf("configuration %s: %d bytes; right would be at most %d", path, info.Size(), maxConfig)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return parseConfig(path, text)
}

func parseConfig(path string, text []byte) (*config, error) {
	f := &configFile{path: path}
	var err error
	if f.tree, err = parser.ParseBytes(text, 0); err != nil {
		return nil, f.malformed(err)
	}
	var plain any
	if err := yaml.Unmarshal(text, &plain); err != nil {
		return nil, f.malformed(err)
	}
	if err := f.checkShape(plain); err != nil {
		return nil, err
	}
	if len(f.faults) > 0 {
		return nil, f.sorted()
	}
	c := &config{file: f}
	if err := yaml.UnmarshalWithOptions(text, c, yaml.DisallowUnknownField()); err != nil {
		return nil, f.malformed(err)
	}
	c.resolve(filepath.Dir(path))
	c.checkAddresses(f)
	c.checkMasterKey(f)
	if len(f.faults) > 0 {
		return nil, f.sorted()
	}
	return c, nil
}

// resolve makes paths relative to the directory of the file.
func (c *config) resolve(directory string) {
	in := func(path string) string {
		if path == "" || filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(directory, path)
	}
	c.Realms, c.MasterKeyFile, c.Outgoing.CABundle = in(c.Realms), in(c.MasterKeyFile), in(c.Outgoing.CABundle)
	for _, list := range c.Sources {
		for name, s := range list {
			s.CredentialsFile = in(s.CredentialsFile)
			if path, is := strings.CutPrefix(s.Address, "sqlite:"); is {
				s.Address = "sqlite:" + in(path)
			}
			list[name] = s
		}
	}
	for i := range c.FormerKeys {
		c.FormerKeys[i] = in(c.FormerKeys[i])
	}
	if !strings.Contains(c.Store, "://") {
		c.Store = in(strings.TrimPrefix(c.Store, "sqlite:"))
	}
	if c.TLS != nil {
		c.TLS.Certificate, c.TLS.Key = in(c.TLS.Certificate), in(c.TLS.Key)
	}
	if c.MutualTLS != nil {
		c.MutualTLS.Authorities = in(c.MutualTLS.Authorities)
	}
	if c.Operations != nil && c.Operations.Listen == "" {
		c.Operations.Listen = defaultOperations
	}
	if c.Level != "" {
		_ = c.LogLevel.UnmarshalText([]byte(c.Level)) // the schema lists the names
	}
}

// A configFile knows where every field stands.
type configFile struct {
	path   string
	tree   *ast.File
	faults catalog.Faults
}

// at adds a fault of the field at a path such as tls.key.
func (f *configFile) at(field, right, format string, args ...any) {
	line, column := f.position(strings.Split(field, "."))
	f.faults = append(f.faults, catalog.Fault{File: f.path, Line: line, Column: column, Path: field, Message: fmt.Sprintf(format, args...), Right: right})
}

func (f *configFile) sorted() catalog.Faults {
	slices.SortStableFunc(f.faults, func(a, b catalog.Fault) int { return a.Line - b.Line })
	return f.faults
}

// malformed tells what the parser found, which carries the place in its text.
func (f *configFile) malformed(err error) error {
	var syntax yaml.Error
	if errors.As(err, &syntax) && syntax.GetToken() != nil {
		at := syntax.GetToken().Position
		return catalog.Faults{{File: f.path, Line: at.Line, Column: at.Column, Message: syntax.GetMessage()}}
	}
	return fmt.Errorf("configuration %s: %w", f.path, err)
}

// position finds the key of a field, or of the nearest one around it.
func (f *configFile) position(field []string) (line, column int) {
	line, column = 1, 1
	if len(f.tree.Docs) == 0 {
		return line, column
	}
	node := f.tree.Docs[0].Body
	for _, name := range field {
		found := member(node, name)
		if found == nil {
			break
		}
		at := found.Key.GetToken().Position
		line, column, node = at.Line, at.Column, found.Value
	}
	return line, column
}

func member(node ast.Node, name string) *ast.MappingValueNode {
	switch node := node.(type) {
	case *ast.MappingNode:
		for _, value := range node.Values {
			if value.Key.GetToken().Value == name {
				return value
			}
		}
	case *ast.MappingValueNode:
		if node.Key.GetToken().Value == name {
			return node
		}
	}
	return nil
}

func (f *configFile) checkShape(plain any) error {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(configSchema))
	if err != nil {
		return fmt.Errorf("reading the schema of the configuration: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", document); err != nil {
		return fmt.Errorf("reading the schema of the configuration: %w", err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		return fmt.Errorf("reading the schema of the configuration: %w", err)
	}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(plain); errors.As(err, &invalid) {
		f.leaves(invalid)
	} else if err != nil {
		return fmt.Errorf("configuration %s: %w", f.path, err)
	}
	return nil
}

// leaves tells every single thing that is not of the schema's shape.
func (f *configFile) leaves(e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		f.leaves(cause)
	}
	if len(e.Causes) > 0 {
		return
	}
	field := strings.Join(e.InstanceLocation, ".")
	below := func(name string) string { return strings.TrimPrefix(field+"."+name, ".") }
	switch k := e.ErrorKind.(type) {
	case *shape.AdditionalProperties:
		for _, name := range k.Properties {
			f.at(below(name), "a field of tillit serve --schema", "no field %q", name)
		}
	case *shape.Required:
		for _, name := range k.Missing {
			f.at(below(name), name+": …", "it is missing")
		}
	case *shape.Enum:
		f.at(field, strings.Trim(fmt.Sprint(k.Want...), "[]"), "%q is none of its values", fmt.Sprint(k.Got))
	case *shape.Type:
		f.at(field, strings.Join(k.Want, " or "), "it is of type %s", k.Got)
	case *shape.Pattern:
		f.at(field, "an address such as https://id.example", "%q is malformed", k.Got)
	case *shape.MinLength:
		f.at(field, "", "it is empty")
	default:
		f.at(field, "", "it is not as the schema wants it")
	}
}

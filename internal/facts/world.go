package facts

import "fmt"

// A World is what providers are started from: the shipped realms, with a fault
// or with their names exchanged, or as they are.
type World struct {
	Starter Starter
	Fault   Fault
	Names   map[string]Names // realm → its exchange of names
	// Rename exchanges the names in the texts; nil leaves them.
	Rename func(Options) (Options, error)
}

// Behind starts a provider behind a proxy on this machine that tells certificates
// of clients in a header.
func (w *World) Behind(t TB, header string, edits ...Fault) (*Provider, error) {
	t.Helper()
	return w.start(t, Options{Certificates: header}, edits...)
}

// Start starts a provider, with further replacements made before any name is
// exchanged. An error says that the realms do not load.
func (w *World) Start(t TB, edits ...Fault) (*Provider, error) {
	t.Helper()
	return w.start(t, Options{}, edits...)
}

func (w *World) start(t TB, options Options, edits ...Fault) (*Provider, error) {
	t.Helper()
	options.Realms, options.Demo = w.Starter.Shipped()
	for _, edit := range append([]Fault{w.Fault}, edits...) {
		if edit.Old == "" {
			continue
		}
		texts := &options.Realms
		if edit.Demo {
			texts = &options.Demo
		}
		edited, err := Edit(*texts, edit.Realm, edit.Old, edit.New, edit.All)
		if err != nil {
			return nil, fmt.Errorf("fault: %w", err)
		}
		*texts = edited
	}
	if w.Fault.Rule != "" {
		options.WithoutRules = []string{w.Fault.Rule}
	}
	if w.Fault.Server != "" {
		options.WithoutChecks = []string{w.Fault.Server}
	}
	if w.Rename != nil {
		renamed, err := w.Rename(options)
		if err != nil {
			return nil, fmt.Errorf("exchange names: %w", err)
		}
		options = renamed
	}
	return w.Starter.Start(t, options)
}

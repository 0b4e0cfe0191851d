// Command tillit runs an OpenID Provider and OAuth 2.0 authorization server in
// which every scope and every claim has an owner, a rule and a reason.
//
//	tillit dev      every shipped realm with demo people, on this machine
//	tillit serve    production, from a configuration file
//	tillit init     a realm of one's own to begin with
//	tillit check    are the realms right?
//	tillit test     do the stories of the realms still go as they are told?
//	tillit plan     what a change of realms means to the clients that are there
//	tillit catalog  what a realm offers, as a page and as a picture
//	tillit explain  why is a scope or claim given, or not?
//	tillit client   what clients may ask for, and what it would yield
//	tillit org      organizations, and the prefixes of their scopes
//	tillit person   who can sign in
//	tillit key      signing keys and their rotation
//	tillit pki      certificates of test realms: list, show, export, revoke, renew
//	tillit aml      lists of names that people are compared with: import, list
//	tillit audit    is the record of decisions whole?
//	tillit backup   a copy of the store, while it is used
//	tillit restore  a store from such a copy
//	tillit migrate  the store's schema, brought up to date
//
// Every flag has an environment variable: TILLIT_ and the flag in capitals.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/tillit/tillit/catalog"
)

// commands is the whole command line, one verb a field.
type commands struct {
	Output string `help:"How to print: text or json." enum:"text,json" default:"text" env:"TILLIT_OUTPUT"`

	Dev     devCommand     `cmd:"" help:"Run every shipped realm with demo people and clients, on this machine."`
	Serve   serveCommand   `cmd:"" help:"Run the provider that a configuration file describes."`
	Init    initCommand    `cmd:"" help:"Make a directory with a realm of one's own: YAML, stories, demo people."`
	Check   checkCommand   `cmd:"" help:"Say whether realms, or a configuration file of serve, are right."`
	Test    testCommand    `cmd:"" help:"Tell the stories of realms again, and say what they cover."`
	Plan    planCommand    `cmd:"" help:"Say which clients gain or lose what, when realms change."`
	Catalog catalogCommand `cmd:"" help:"Write what a realm offers, scope by scope, or draw it."`
	Explain explainCommand `cmd:"" help:"Say what a request would come to, and why, or why an issued token has what it has."`
	Client  clientCommand  `cmd:"" help:"See, add and remove clients, and see what each may ask for."`
	Org     orgCommand     `cmd:"" help:"List and add organizations, and give them prefixes for their scopes."`
	Person  personCommand  `cmd:"" help:"Add people, one by one or from a file, show and disable them, and give new passwords."`
	Key     keyCommand     `cmd:"" help:"List and rotate signing keys."`
	PKI     pkiCommand     `cmd:"" name:"pki" help:"List, export, revoke and renew the certificates of test realms."`
	AML     amlCommand     `cmd:"" name:"aml" help:"Import lists of names that people and organizations are compared with, and show them."`
	Audit   auditCommand   `cmd:"" help:"List the record of decisions, and say whether it is whole."`
	Backup  backupCommand  `cmd:"" help:"Copy the store into a file, while a provider uses it."`
	Restore restoreCommand `cmd:"" help:"Make a store from a file that backup wrote, where there is none."`
	Migrate migrateCommand `cmd:"" help:"Bring the schema of a store up to date, before a new version starts."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// A console is where a verb writes and when it must stop.
type console struct {
	ctx  context.Context
	out  io.Writer // results
	log  io.Writer // everything else
	json bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run carries one command line out and gives the exit status: 0, 1 for a
// failure, 2 for a command line that makes no sense.
func run(ctx context.Context, args []string, out, log io.Writer) int {
	var c commands
	exited, status := false, 0
	parser, err := kong.New(&c,
		kong.Name("tillit"),
		kong.Description("An OpenID Provider in which every scope and every claim has an owner, a rule and a reason."),
		kong.Writers(out, log), kong.UsageOnError(),
		kong.Exit(func(code int) { exited, status = true, code }),
	)
	if err != nil {
		fmt.Fprintln(log, "tillit:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exited {
		return status
	}
	if err != nil {
		fmt.Fprintln(log, "tillit:", err)
		return 2
	}
	err = parsed.Run(&console{ctx: ctx, out: out, log: log, json: c.Output == "json"})
	return tell(log, err)
}

// tell says in one line what went wrong, and gives the exit status.
func tell(log io.Writer, err error) int {
	var quiet *quietError
	var usage *usageError
	var faults catalog.Faults
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, &usage):
		fmt.Fprintln(log, "tillit:", usage)
		return 2
	case errors.As(err, &faults) && len(faults) > 1:
		fmt.Fprintf(log, "tillit: %v (and %d more; tillit check lists them)\n", faults[0], len(faults)-1)
		return 1
	}
	fmt.Fprintln(log, "tillit:", strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; "))
	return 1
}

// A usageError is a command line that makes no sense.
type usageError struct{ what string }

func (e *usageError) Error() string { return e.what }

func misused(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// A quietError has been told already.
type quietError struct{ code int }

func (e *quietError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// Command ochno is the service and everything an engineer or a registrar does on its command line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
)

// command is one subcommand: its words, what it is for, and what it does.
type command struct {
	name  string // may be two words
	args  string // after the flags, for the usage line
	short string // one line, for the list
	long  string
	run   func(ctx context.Context, c *call) error
}

// call is one run of a command.
type call struct {
	flags  *flag.FlagSet
	args   []string
	getenv func(string) string
	stdout io.Writer
	stderr io.Writer
}

// parseFlags reads the flags; the arguments are left in c.flags.
func (c *call) parseFlags() error {
	err := c.flags.Parse(c.args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return usageError{err}
	}
	return err
}

// parse reads the flags and checks how many arguments are left.
func (c *call) parse(arguments int) error {
	if err := c.parseFlags(); err != nil {
		return err
	}
	if c.flags.NArg() != arguments {
		return usageError{fmt.Errorf("want %d arguments, have %d", arguments, c.flags.NArg())}
	}
	return nil
}

// usageError is the user's mistake on the command line: exit code 2.
type usageError struct{ error }

// failure is an exit code without a message: what there was to say was said.
type failure int

func (f failure) Error() string { return fmt.Sprintf("exit code %d", int(f)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run finds the command and runs it. Exit codes: 0 done, 1 failed, 2 wrong use.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	cmd, rest := find(args)
	if cmd == nil {
		if len(args) == 0 || isHelp(args[0]) {
			help(stdout)
			return 0
		}
		family := familyOf(args[0])
		if len(family) > 0 && len(args) > 1 && isHelp(args[1]) {
			list(stdout, family)
			return 0
		}
		fmt.Fprintf(stderr, "ochno: there is no command %q; see ochno --help\n", strings.Join(args, " "))
		list(stderr, family)
		return 2
	}
	c := &call{flags: flag.NewFlagSet("ochno "+cmd.name, flag.ContinueOnError), args: rest, getenv: getenv, stdout: stdout, stderr: stderr}
	c.flags.SetOutput(io.Discard) // what goes wrong is told below, help by us
	err := cmd.run(ctx, c)
	var wrong usageError
	var code failure
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		helpOn(stdout, cmd, c.flags)
		return 0
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "ochno %s: %v\nSee ochno %s --help\n", cmd.name, err, cmd.name)
		return 2
	}
	fmt.Fprintf(stderr, "ochno %s: %v\n", cmd.name, err)
	return 1
}

// find takes one or two words off the arguments.
func find(args []string) (*command, []string) {
	for i := range commands() {
		cmd := commands()[i]
		words := strings.Fields(cmd.name)
		if len(args) < len(words) || strings.Join(args[:len(words)], " ") != cmd.name {
			continue
		}
		return &cmd, args[len(words):]
	}
	return nil, nil
}

// familyOf are the commands whose name of several words begins with this one.
func familyOf(word string) []command {
	return slices.DeleteFunc(commands(), func(c command) bool { return !strings.HasPrefix(c.name, word+" ") })
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "--help" || arg == "-help"
}

func help(w io.Writer) {
	fmt.Fprint(w, `Ochno («Очно») identifies students in remote exams.

Usage:
  ochno COMMAND [flags] [arguments]

Commands:
`)
	list(w, commands())
	fmt.Fprint(w, `
ochno COMMAND --help explains a command. The service is configured by the environment: ochno settings lists the variables.
Exit codes: 0 done, 1 failed, 2 wrong use.
`)
}

// list prints commands, a line each.
func list(w io.Writer, cmds []command) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, c := range cmds {
		fmt.Fprintf(table, "  %s\t%s\n", c.name, c.short)
	}
	table.Flush()
}

func helpOn(w io.Writer, cmd *command, flags *flag.FlagSet) {
	fmt.Fprintf(w, "%s\n\nUsage:\n  ochno %s", cmd.short, cmd.name)
	hasFlags := false
	flags.VisitAll(func(*flag.Flag) { hasFlags = true })
	if hasFlags {
		fmt.Fprint(w, " [flags]")
	}
	if cmd.args != "" {
		fmt.Fprint(w, " ", cmd.args)
	}
	fmt.Fprintf(w, "\n\n%s\n", strings.TrimSpace(cmd.long))
	if hasFlags {
		fmt.Fprint(w, "\nFlags:\n")
		flags.SetOutput(w)
		flags.PrintDefaults()
	}
}

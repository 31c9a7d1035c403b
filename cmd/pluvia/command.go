package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	pluvia "github.com/pluvia-ml/pluvia"
)

// The exit codes, as documented in the README and in "pluvia help".
const (
	exitOK          = 0
	exitFailed      = 1   // it did not work; the message says why
	exitInput       = 2   // what was asked for breaks a rule: flags, files, data
	exitHeld        = 3   // another process has the data directory
	exitUnavailable = 4   // something that is needed cannot be reached, or is not ready yet
	exitInterrupted = 130 // ended by a signal
)

// options are the flags that every command has.
type options struct {
	data    string
	db      string
	buckets string
	project string
	source  string
	json    bool
	verbose bool
	ui      *ui
	in      io.Reader
}

// environment is what a flag's variable begins with: PLUVIA_DATA for --data.
const environment = "PLUVIA_"

// execute runs one command line and gives back the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, diagnostics io.Writer) int {
	o := &options{in: in}
	root := newRoot(o)
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(diagnostics)
	root.SetIn(in)
	o.ui = newUI(out, diagnostics)

	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	o.ui.fail(err)
	return exitCode(err)
}

func exitCode(err error) int {
	var held *heldError
	if errors.As(err, &held) {
		return exitHeld
	}
	var usage *usageError
	if errors.As(err, &usage) {
		return exitInput
	}
	switch pluvia.ErrorCode(err) {
	case pluvia.Invalid, pluvia.NotFound, pluvia.TooLarge, pluvia.Exists, pluvia.Conflict:
		return exitInput
	case pluvia.Unavailable:
		return exitUnavailable
	default:
		return exitFailed
	}
}

// usageError is a command line that cannot be understood.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func newRoot(o *options) *cobra.Command {
	root := &cobra.Command{
		Use:   "pluvia",
		Short: "The whole cycle of a model of a table, in one process",
		Long: `Pluvia loads and checks a table of observations, trains, compares challenger
with champion, promotes, serves, and starts again by itself.

Begin with:  pluvia up

Exit codes: 0 done; 1 failed; 2 the command line or the data break a rule;
3 another process has the data directory; 4 something that is needed cannot be
reached or is not ready; 130 ended by a signal, which to "up" is the way to stop
and leaves 0.

Each flag can be set by an environment variable: --data by PLUVIA_DATA.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			text := fmt.Sprintf("%q is no command", args[0])
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				text += fmt.Sprintf("; the nearest is %q", near[0])
			}
			return &usageError{errors.New(text + "; \"pluvia help\" lists them")}
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			err := fromEnvironment(cmd.Flags(), os.LookupEnv)
			o.ui.json = o.json
			return err
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&o.data, "data", "./pluvia-data", "data directory")
	flags.StringVar(&o.db, "db", "", "database: a file, or postgres://USER@HOST/DATABASE; a password belongs into PLUVIA_DB or\nPGPASSWORD, where other users do not see it (default: a file in the data directory)")
	flags.StringVar(&o.buckets, "buckets", "", "where data and models are kept: a folder or s3://BUCKET/PREFIX, with the keys in AWS_ACCESS_KEY_ID\nand AWS_SECRET_ACCESS_KEY and the server in AWS_ENDPOINT_URL (default: a folder in the data directory)")
	flags.StringVar(&o.project, "project", "", "project file (default: the one in the binary)")
	flags.BoolVar(&o.json, "json", false, "write JSON, one object a line")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log every request and step")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{fmt.Errorf("%w; see \"%s --help\"", err, cmd.CommandPath())}
	})
	root.AddCommand(newUp(o), newServe(o), newETL(o), newTrain(o), newPromote(o), newPredict(o), newRuns(o), newGC(o), newImport(o), newExport(o), newVersion(o))
	for _, cmd := range root.Commands() {
		if check := cmd.Args; check != nil {
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				if err := check(cmd, args); err != nil {
					return &usageError{fmt.Errorf("%w; usage: %s", err, cmd.UseLine())}
				}
				return nil
			}
		}
	}
	return root
}

// withSource adds the flag of commands that read a data set.
func withSource(cmd *cobra.Command, o *options) *cobra.Command {
	cmd.Flags().StringVar(&o.source, "source", "", "data set: a file, a directory or a URL (default: the snapshot in the binary)")
	return cmd
}

// fromEnvironment sets every flag that the command line does not name and that
// has a variable.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var faults []error
	flags.VisitAll(func(f *pflag.Flag) {
		name := environment + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, ok := lookup(name)
		if !ok || f.Changed {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			faults = append(faults, fmt.Errorf("%s=%q: %w", name, value, err))
		}
	})
	if len(faults) > 0 {
		return &usageError{errors.Join(faults...)}
	}
	return nil
}

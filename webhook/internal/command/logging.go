package command

import (
	"fmt"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/oakum-sec/oakum/internal/cli"
)

// logging are the flags of what logs while it runs.
type logging struct {
	logFormat string
	verbose   bool
}

func (l *logging) register(p *pflag.FlagSet) {
	p.StringVar(&l.logFormat, "log-format", "json", "json or text")
	p.BoolVarP(&l.verbose, "verbose", "v", false, "log more")
}

func (l *logging) logger(k cli.Kit) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: slog.LevelInfo}
	if l.verbose {
		o.Level = slog.LevelDebug
	}
	switch l.logFormat {
	case "json":
		return slog.New(slog.NewJSONHandler(k.Stdio().Err, o)), nil
	case "text":
		return slog.New(slog.NewTextHandler(k.Stdio().Err, o)), nil
	}
	return nil, fmt.Errorf("--log-format is json or text, not %q", l.logFormat)
}

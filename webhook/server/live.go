package server

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/oakum-sec/oakum/policy"
	"github.com/oakum-sec/oakum/rules"
	"github.com/oakum-sec/oakum/webhook/internal/admit"
)

// live is what reviews are judged by now. It is replaced whole, so that no review sees
// half of a new configuration.
type live struct {
	current atomic.Pointer[judge]

	file    string
	base    admit.Options // what the configuration does not say
	metrics *metrics
	log     *slog.Logger
	version string
}

// judge is a configuration that holds.
type judge struct {
	config   *Config
	admitter *admit.Admitter
	sum      [sha256.Size]byte // of what it was read from
}

func (l *live) now() *judge { return l.current.Load() }

// load reads configuration, policy, rules and known secrets. Where they are what holds already,
// nothing happens. A policy that is broken is used only where nothing holds yet: it decides
// nothing, which is the failure mode's.
func (l *live) load(ctx context.Context) error {
	read, err := readDisk(l.file)
	if err != nil {
		return err
	}
	config, sum, before := read.config, read.sum(), l.now()
	if before != nil && before.sum == sum {
		return nil
	}
	decides, err := policy.Load(read.policy)
	if broken, ok := errors.AsType[*policy.BrokenError](err); ok && before == nil {
		l.log.Error("the policy is broken: every review that finds something is left to the failure mode", "error", broken.Error())
	} else if err != nil {
		return err
	}
	set, notices, err := compileRules(config.Rules, read.rules)
	if err != nil {
		return err
	}
	options := l.options(config, set, decides)
	if read.index != nil {
		if options.Known, err = config.Known.open(read.index); err != nil {
			return err
		}
	}
	j := &judge{config: config, sum: sum}
	if j.admitter, err = admit.New(options); err != nil {
		return err
	}
	if err := warm(ctx, j.admitter); err != nil && before != nil {
		return err
	}
	l.current.Store(j)
	l.holds(config, decides.Sum(), notices)
	return nil
}

// holds tells of a configuration that was just taken.
func (l *live) holds(config *Config, decides string, notices []string) {
	for _, n := range notices {
		l.log.Warn("of the rules", "file", config.Rules, "what", n)
	}
	l.metrics.ruleset.Reset()
	l.metrics.ruleset.WithLabelValues(l.version, admit.Pins()[len(admit.Pins())-1], decides).Set(1)
	l.log.Info("configuration holds", "file", l.file, "failureMode", string(config.FailureMode), "enforce", config.Defaults.Enforce.String(), "policy", decides)
}

// options lays a configuration over what it does not say.
func (l *live) options(c *Config, set *rules.Set, decides admit.Policy) admit.Options {
	o := l.base
	o.Rules, o.Policy = set, decides
	o.Defaults, o.Exempt, o.Controllers, o.Controlled, o.EKS = c.Defaults, c.Exemptions, c.Controllers, c.Controlled, c.EKS
	o.UnknownImages = string(c.Images.Unknown)
	return o
}

// reload is how often configuration and policy are read. A kubelet puts a changed
// ConfigMap in place within a minute; a notification of the file system's would miss
// what it does by links.
const reload = 5 * time.Second

// follow has what is on disk hold, until ctx ends.
func (l *live) follow(ctx context.Context) error {
	tick := time.NewTicker(reload)
	defer tick.Stop()
	failed := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := l.load(ctx)
		switch {
		case err == nil:
			failed = ""
			l.metrics.reloaded.Set(1)
		case err.Error() != failed: // told once, not every five seconds
			failed = err.Error()
			l.metrics.reloaded.Set(0)
			l.log.Error("the new configuration cannot be used; the last one holds", "error", failed)
		}
	}
}

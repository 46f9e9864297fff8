package server

import (
	"context"
	"log/slog"
)

// quieter passes on what libraries warn of. What they only tell (each probe that was
// answered with "not ready", say) is for who asks for more.
type quieter struct{ slog.Handler }

func (q *quieter) Enabled(ctx context.Context, level slog.Level) bool {
	return q.Handler.Enabled(ctx, level) && (level >= slog.LevelWarn || q.Handler.Enabled(ctx, slog.LevelDebug))
}

func (q *quieter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &quieter{q.Handler.WithAttrs(attrs)}
}

func (q *quieter) WithGroup(name string) slog.Handler { return &quieter{q.Handler.WithGroup(name)} }

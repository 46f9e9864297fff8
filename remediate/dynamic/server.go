package dynamic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/oakum-sec/oakum/leak"
)

// Grant is one thing that a user may do, in words that are a statement without its
// last one: who gets it.
type Grant struct {
	Text   string `json:"text"`   // GRANT SELECT ON TABLE public.orders TO
	Kind   string `json:"kind"`   // "table", for PostgreSQL's has_table_privilege
	Object string `json:"object"` // public.orders
	Right  string `json:"right"`  // SELECT
}

// Survey is what the old user is.
type Survey struct {
	Server   string   `json:"server"` // its version
	Grants   []Grant  `json:"grants"`
	Settings []string `json:"settings,omitempty"` // that go with a user: "search_path TO shop"
	Creates  bool     `json:"creates,omitempty"`  // it may make things, which must not be a vanishing user's
	Inherits bool     `json:"inherits"`
	Lost     []string `json:"lost,omitempty"` // what is not carried over, and why
}

// Statements are what Vault runs.
type Statements struct{ Create, Revoke, Renew []string }

// server is a kind of database.
type server interface {
	// survey reads what the old user may do; a user whose rights no list of grants can
	// hold is an error.
	survey(ctx context.Context) (*Survey, error)
	// prepare are the steps in the database that come before Vault's, and retire the
	// last one.
	prepare(s *Survey) []step
	retire() step
	statements(s *Survey) Statements
	// connection is what Vault's engine is configured with.
	connection() map[string]any
	// prove tells what a user made by Vault cannot do and should.
	prove(ctx context.Context, s *Survey, user string, password leak.Secret) (missing []string, err error)
	manager
}

// manager is Vault's own user.
type manager interface {
	setPassword(ctx context.Context, user string, password leak.Secret) error
	exists(ctx context.Context, user string) (bool, error)
}

// query gives the rows of a question as texts.
func query(ctx context.Context, db *sql.DB, question string, args ...any) (rows [][]string, err error) {
	found, err := db.QueryContext(ctx, question, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	for found.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		texts := make([]string, len(row))
		for i := range row {
			texts[i] = row[i].String
		}
		rows = append(rows, texts)
	}
	return rows, found.Err()
}

// one is the single answer to a question, "" where there is none.
func one(ctx context.Context, db *sql.DB, question string, args ...any) (string, error) {
	rows, err := query(ctx, db, question, args...)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0][0], nil
}

// all runs statements, in one transaction where the database has such for them.
func all(ctx context.Context, db *sql.DB, statements ...string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s, err), tx.Rollback())
		}
	}
	return tx.Commit()
}

// plain tells whether a text can stand within a statement that Vault keeps: it divides
// statements at semicolons and fills in what stands in braces.
func plain(text string) bool {
	return !strings.ContainsAny(text, ";\\\x00\n") && !strings.Contains(text, "{{")
}

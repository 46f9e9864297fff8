package postgres

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/store"
)

// session is a connection of ours.
type session struct {
	*pgx.Conn
	address string
	opt     dbuser.Options
}

const patience = 15 * time.Second // to connect, and for a lock

func sessionName() string { return "oakum " + rand.Text()[:8] }

// dial connects as a user. The settings of the user itself hold, unless ours says that
// names are to be told whole and that nothing is to wait for long.
func (r *Rotator) dial(ctx context.Context, address, database, user string, password leak.Secret, ours bool) (*session, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	// The host has to be there when it is parsed: without one it is a socket's path, and
	// the driver speaks no TLS on sockets.
	config, err := pgx.ParseConfig("host='" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(host) + "' sslmode=" + r.set.SSLMode)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("the address %q: %w", address, err)
	}
	config.Host, config.Port, config.Database, config.User = host, uint16(number), database, user
	config.Password, config.ConnectTimeout, config.Fallbacks = store.Plain(password), patience, nil
	config.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	config.RuntimeParams = map[string]string{"application_name": r.name}
	if ours {
		config.RuntimeParams["search_path"] = "" // else a function of somebody's may run with the admin's rights
		config.RuntimeParams["standard_conforming_strings"] = "on"
		config.RuntimeParams["lock_timeout"] = strconv.Itoa(int(patience.Milliseconds()))
	}
	if err := r.trust(config); err != nil {
		return nil, err
	}
	s, opened := &session{address: address, opt: r.opt}, false
	defer func() {
		if !opened {
			s.close(ctx)
		}
	}()
	err = r.opt.Around(func() (err error) {
		s.Conn, err = pgx.ConnectConfig(ctx, config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s as %s: %w", address, user, err)
	}
	opened = true
	return s, nil
}

// trust says whose certificate is believed.
func (r *Rotator) trust(config *pgx.ConnConfig) error {
	if (config.TLSConfig == nil) != (r.set.SSLMode == "disable") {
		return fmt.Errorf("the driver does not do what sslmode %s says", r.set.SSLMode)
	}
	if r.set.CA == "" {
		return nil
	}
	text, err := os.ReadFile(r.set.CA)
	if err != nil {
		return fmt.Errorf("read the certificates that the settings name: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s holds no certificate", r.set.CA)
	}
	config.TLSConfig.RootCAs = pool
	return nil
}

func (s *session) close(ctx context.Context) {
	if s.Conn != nil {
		s.Conn.Close(context.WithoutCancel(ctx))
	}
}

// admin connects as the admin to an address.
func (r *Rotator) admin(ctx context.Context, address, database string) (*session, error) {
	password, err := r.set.Admin.Password.Value(ctx, r.opt.Options)
	if err != nil {
		return nil, fmt.Errorf("the admin's password: %w", err)
	}
	return r.dial(ctx, address, database, r.set.Admin.Username, password, true)
}

// primary connects as the admin to the server that takes writes.
func (r *Rotator) primary(ctx context.Context, database string) (*session, error) {
	for _, address := range r.set.Addresses {
		s, err := r.admin(ctx, address, database)
		if err != nil || len(r.set.Addresses) == 1 {
			return s, err
		}
		standby, err := s.one(ctx, "SELECT pg_is_in_recovery()")
		if err == nil && standby == "f" {
			return s, nil
		}
		s.close(ctx)
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s are standbys, all of them: name the primary under `addresses`", strings.Join(r.set.Addresses, ", "))
}

// everywhere does something at each address as the admin.
func (r *Rotator) everywhere(ctx context.Context, do func(*session) error) error {
	for _, address := range r.set.Addresses {
		s, err := r.admin(ctx, address, r.set.Database)
		if err != nil {
			return err
		}
		err = do(s)
		s.close(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// rows are the answer to a question, as text; what is NULL is empty.
func (s *session) rows(ctx context.Context, question string, args ...any) (all [][]string, err error) {
	err = s.opt.Around(func() error {
		rows, err := s.Query(ctx, question, append([]any{pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row []string
			for _, b := range rows.RawValues() {
				row = append(row, string(b))
			}
			all = append(all, row)
		}
		return rows.Err()
	})
	if err != nil {
		err = fmt.Errorf("ask %s: %w", s.address, err)
	}
	return all, err
}

// one is the only value of an answer, or "".
func (s *session) one(ctx context.Context, question string, args ...any) (string, error) {
	all, err := s.rows(ctx, question, args...)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0][0], nil
}

// do runs statements, in one transaction: all of them or none.
func (s *session) do(ctx context.Context, statements ...string) error {
	err := s.opt.Around(func() error {
		return pgx.BeginFunc(ctx, s.Conn, func(tx pgx.Tx) error {
			for _, statement := range statements {
				if err := s.opt.Around(func() error { _, err := tx.Exec(ctx, statement); return err }); err != nil {
					return fmt.Errorf("%s: %w", shown(statement), err)
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("at %s: %w", s.address, err)
	}
	return nil
}

// shown is a statement in an error: without the verifier.
func shown(statement string) string {
	head, _, _ := strings.Cut(statement, " PASSWORD '")
	return head
}

// code is PostgreSQL's own of an error.
func code(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}

const (
	denied = "42501" // insufficient_privilege
	wrong  = "28P01" // invalid_password
	barred = "28000" // invalid_authorization_specification: NOLOGIN, or no line of pg_hba.conf
)

// quoted is an identifier in a statement.
func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }

// literal is a text in a statement of a session of ours.
func literal(text string) string {
	return "'" + strings.ReplaceAll(strings.ReplaceAll(text, "\x00", ""), "'", "''") + "'"
}

package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/oakum-sec/oakum/leak"
	"github.com/oakum-sec/oakum/remediate/rotate"
	"github.com/oakum-sec/oakum/remediate/rotate/dbuser"
	"github.com/oakum-sec/oakum/remediate/store"
)

// conn is a connection to a server.
type conn interface {
	// rows are the answer to a question, as text; what is NULL is empty.
	rows(ctx context.Context, question string, args ...any) ([][]string, error)
	// do runs a statement.
	do(ctx context.Context, statement string) error
	// try asks a question in a transaction that only reads.
	try(ctx context.Context, question string) error
	close()
}

// dialer connects as a user. ours says that it is the admin who asks.
type dialer func(ctx context.Context, address, user string, password leak.Secret, ours bool) (conn, error)

const patience = 15 * time.Second // to connect, and for a lock

// connect is the dialer of real servers.
func (r *Rotator) connect(ctx context.Context, address, user string, password leak.Secret, ours bool) (conn, error) {
	c := driver.NewConfig()
	c.Net, c.Addr, c.User, c.Passwd, c.Timeout = "tcp", address, user, store.Plain(password), patience
	c.Logger = &driver.NopLogger{} // what it says is told by errors, too
	if ours {
		// Names are to be told in one way, and read in one.
		c.Params = map[string]string{"sql_mode": "''", "sql_quote_show_create": "1", "lock_wait_timeout": fmt.Sprint(int(patience.Seconds()))}
	} else {
		c.DBName = r.set.Database
	}
	var err error
	if c.TLS, err = r.tls(address); err != nil {
		return nil, err
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		return nil, err
	}
	s := &real{db: sql.OpenDB(connector)}
	if s.Conn, err = s.db.Conn(ctx); err != nil {
		s.db.Close()
		return nil, err
	}
	return s, nil
}

func (r *Rotator) tls(address string) (*tls.Config, error) {
	if r.set.TLS == "off" {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(address)
	c := &tls.Config{ServerName: host}
	if err != nil || r.set.CA == "" {
		return c, err
	}
	text, err := os.ReadFile(r.set.CA)
	if err != nil {
		return nil, fmt.Errorf("read the certificates that the settings name: %w", err)
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate", r.set.CA)
	}
	return c, nil
}

// real is a connection by the driver.
type real struct {
	*sql.Conn
	db *sql.DB
}

func (s *real) close() {
	s.Conn.Close()
	s.db.Close()
}

func (s *real) do(ctx context.Context, statement string) error {
	_, err := s.ExecContext(ctx, statement)
	return err
}

func (s *real) try(ctx context.Context, question string) error {
	tx, err := s.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, question)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() { // to the end: an error may come late
	}
	return rows.Err()
}

func (s *real) rows(ctx context.Context, question string, args ...any) (all [][]string, err error) {
	rows, err := s.QueryContext(ctx, question, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(cells))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		var row []string
		for _, c := range cells {
			row = append(row, c.String)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// session is a connection of ours, with what is watched and told of it.
type session struct {
	conn
	address string
	opt     dbuser.Options
}

func (r *Rotator) open(ctx context.Context, address, user string, password leak.Secret, ours bool) (*session, error) {
	s, opened := &session{address: address, opt: r.opt}, false
	defer func() {
		if !opened && s.conn != nil {
			s.close()
		}
	}()
	err := r.opt.Around(func() (err error) {
		s.conn, err = r.dial(ctx, address, user, password, ours)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("connect to %s as %s: %w", address, user, err)
	}
	opened = true
	return s, nil
}

func (s *session) ask(ctx context.Context, question string, args ...any) (all [][]string, err error) {
	err = s.opt.Around(func() (err error) { all, err = s.conn.rows(ctx, question, args...); return err })
	if err != nil {
		err = fmt.Errorf("ask %s: %w", s.address, err)
	}
	return all, err
}

func (s *session) one(ctx context.Context, question string, args ...any) (string, error) {
	all, err := s.ask(ctx, question, args...)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0][0], nil
}

// run runs statements, one after the other: each is for itself.
func (s *session) run(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if err := s.opt.Around(func() error { return s.conn.do(ctx, statement) }); err != nil {
			return fmt.Errorf("at %s: %s: %s", s.address, shown(statement), quiet(err, statement))
		}
	}
	return nil
}

var inQuotes = regexp.MustCompile(` IDENTIFIED WITH \S+ (BY|AS) '((?s:[^'\\]|\\.)*)'`)

// shown is a statement in an error: without a password or its hash.
func shown(statement string) string { return inQuotes.ReplaceAllString(statement, "") }

// quiet is an error that may quote the statement.
func quiet(err error, statement string) string {
	text := err.Error()
	if m := inQuotes.FindStringSubmatch(statement); m != nil {
		text = strings.ReplaceAll(text, m[2], "…")
	}
	return text
}

// admin connects as the admin to an address.
func (r *Rotator) admin(ctx context.Context, address string) (*session, error) {
	password, err := r.set.Admin.Password.Value(ctx, r.opt.Options)
	if err != nil {
		return nil, fmt.Errorf("the admin's password: %w", err)
	}
	return r.open(ctx, address, r.set.Admin.Username, password, true)
}

// primary connects as the admin to the server that takes writes.
func (r *Rotator) primary(ctx context.Context) (*session, error) {
	for _, address := range r.set.Addresses {
		s, err := r.admin(ctx, address)
		if err != nil || len(r.set.Addresses) == 1 {
			return s, err
		}
		reads, err := s.one(ctx, "SELECT @@GLOBAL.read_only")
		if err == nil && reads == "0" {
			return s, nil
		}
		s.close()
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s are replicas (read_only), all of them: name the primary under `addresses`", strings.Join(r.set.Addresses, ", "))
}

// everywhere does something at each address as the admin.
func (r *Rotator) everywhere(ctx context.Context, do func(*session) error) error {
	for _, address := range r.set.Addresses {
		s, err := r.admin(ctx, address)
		if err != nil {
			return err
		}
		err = do(s)
		s.close()
		if err != nil {
			return err
		}
	}
	return nil
}

// refused tells that a server did not let a user in: a wrong password, a host that it
// does not come from, a lock (MySQL's number, MariaDB's number).
func refused(err error) bool {
	e, ok := errors.AsType[*driver.MySQLError](err)
	return ok && (e.Number == 1045 || e.Number == 1130 || e.Number == 1698 || e.Number == 3118 || e.Number == 4151)
}

// password of a credential.
func password(c rotate.Credential) leak.Secret { return c[rotate.Password] }

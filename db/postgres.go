package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/lib/pq"
)

// openPostgres makes a pool whose connections notice a server that vanished without a word
// (a pulled cable, a stopped virtual machine): the driver alone would wait for TCP's minutes.
func openPostgres(source string, opts Options) (*DB, error) {
	conn, err := postgresConnector(source, opts.Timeout, map[string]time.Duration{
		// A little less than the wait here: a server that gives up first says why.
		"statement_timeout":                   opts.Timeout * 9 / 10,
		"idle_in_transaction_session_timeout": 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return newDB(Postgres, source, sql.OpenDB(conn), opts), nil
}

// postgresConnector dials within dialTimeout; reply bounds the wait for each of the server's
// answers (0: no bound). The server's settings in params yield to those in the source.
func postgresConnector(source string, reply time.Duration, params map[string]time.Duration) (*pq.Connector, error) {
	cfg, err := pq.NewConfig(source)
	if err != nil {
		// The driver's error may repeat the source, and with it the password.
		return nil, errors.New("database: the Postgres source can't be read")
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = "wharf"
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for name, d := range params {
		if _, ok := cfg.Runtime[name]; !ok {
			cfg.Runtime[name] = strconv.FormatInt(d.Milliseconds(), 10)
		}
	}
	conn, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("database: the Postgres source can't be used: %w", err)
	}
	conn.Dialer(dialer{reply: reply})
	return conn, nil
}

// dialTimeout bounds a dial, so that a connection is found dead, and a new one refused,
// within one statement's time.
const dialTimeout = 2 * time.Second

type dialer struct{ reply time.Duration }

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext(ctx, network, address)
	if err != nil || d.reply == 0 {
		return conn, err
	}
	return &replyConn{Conn: conn, reply: d.reply}, nil
}

// replyConn gives the server a bounded time to answer, counted from what was last sent.
// An idle connection isn't read, so its passed deadline hurts nobody: the next write sets a
// new one.
type replyConn struct {
	net.Conn
	reply time.Duration
}

func (c *replyConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.reply)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

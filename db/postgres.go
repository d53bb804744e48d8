package db

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"
	"time"

	"github.com/lib/pq"

	"wharf/util/apperr"
)

// openPostgres opens a pool whose connections detect a server that vanished silently (a pulled cable, a stopped virtual
// machine). Without that, the driver would wait minutes for TCP's timeouts.
func openPostgres(source string, opts Options) (*DB, error) {
	conn, err := postgresConnector(source, opts.Timeout, map[string]time.Duration{
		// A little less than the client's timeout, so that the server's error, which is more specific, comes first.
		"statement_timeout":                   opts.Timeout * 9 / 10,
		"idle_in_transaction_session_timeout": 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	return newDB(Postgres, source, sql.OpenDB(connector{conn}), opts), nil
}

// connector returns an error of kind Away if the server accepts no connection.
type connector struct{ *pq.Connector }

// Connect opens a connection. Errors: Away.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, apperr.Wrap(apperr.Away, err, "the database can't be reached: try again")
	}
	return conn, nil
}

// postgresConnector returns a connector that dials within dialTimeout. reply bounds the wait for each answer of the server
// (0: no bound). Settings in the source take precedence over params.
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
	// A role or database may have another default isolation, with which concurrent statements fail.
	cfg.Runtime["default_transaction_isolation"] = "read committed"
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

// dialTimeout bounds a dial. It is short enough that detecting a dead connection and failing to open a new one fit into one
// statement's timeout.
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

// replyConn bounds the time from the last write to the end of the server's answer. The deadline of an idle connection passes
// without effect, as nothing reads from it; the next write sets a new one.
//
// Before each write it checks whether the server has ended the connection (a restart, a failover, an administrator). If so,
// the driver reports driver.ErrBadConn, and database/sql sends the statement on another connection.
type replyConn struct {
	net.Conn
	reply time.Duration
	began byte // the first byte of the answer to the last write, 0 before the answer
	runs  bool // the last write may take effect even if its answer is lost
}

// errServerEnded is the error of a write on a connection that the server had ended: nothing was sent.
var errServerEnded = errors.New("the server ended the connection")

func (c *replyConn) Write(p []byte) (int, error) {
	if ended(c.Conn) {
		if len(p) > 0 && p[0] == 'X' { // Terminate: the connection is closed anyway
			return len(p), nil
		}
		return 0, errServerEnded
	}
	c.began, c.runs = 0, mayRun(p)
	if err := c.SetDeadline(time.Now().Add(c.reply)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// mayRun reports whether a message may take effect even if its answer is lost. That is true of all messages except the start
// of a transaction and the preparation of a statement, which has a separate answer before the statement is run. Under TLS
// messages can't be distinguished.
func mayRun(message []byte) bool {
	const lead = 5 // a message's type and length
	begin := len(message) > lead && message[0] == 'Q' && bytes.HasPrefix(message[lead:], []byte("BEGIN"))
	return len(message) > 0 && message[0] != 'P' && !begin
}

// errAnswerLost is the error of a statement that may or may not have taken effect, and so must not be sent again
// automatically.
var errAnswerLost = errors.New("the connection ended before the server's answer")

// Read reads the server's answer. A connection reset before an answer, or after an error, counts as closed by the server. If
// it is unknown whether the statement was run, Read returns errAnswerLost in an error after which the driver doesn't send the
// statement again.
func (c *replyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	reset := errors.Is(err, syscall.ECONNRESET)
	switch {
	case n == 0 && c.began == 0 && c.runs && (reset || errors.Is(err, io.EOF)):
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: errAnswerLost}
	case n == 0 && (c.began == 0 || c.began == 'E') && reset:
		return 0, io.EOF
	}
	if c.began == 0 && n > 0 {
		c.began = p[0]
	}
	return n, err
}

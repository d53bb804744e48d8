package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// check returns an error for the first setting that parses but has an invalid value.
func (c *Config) check() error {
	choices := []struct {
		name, value string
		allowed     []string
	}{
		{"AUTH_MODE", c.AuthMode, []string{"required", "open"}},
		{"ANON_ROLE", c.AnonRole, []string{"none", "viewer", "operator", "admin"}},
		{"SIGNUP", c.Signup, []string{"closed", "open"}},
		{"TOKEN_MAKER", c.TokenMaker, []string{"jwt", "paseto"}},
		{"PASSWORD_POLICY", c.PasswordPolicy, []string{"basic", "strict"}},
		{"STATS_SOURCE", c.StatsSource, []string{"auto", "engine", "kernel"}},
		{"LOGS_ROLE", c.LogsRole, []string{"viewer", "operator"}},
		{"LOGS_SOURCE", c.LogsSource, []string{"auto", "engine", "files"}},
		{"EXEC_RECORD", c.ExecRecord, []string{"off", "output"}},
		{"METRICS", c.Metrics, []string{"on", "containers", "off"}},
		{"LOG_LEVEL", c.LogLevel, []string{"debug", "info", "warn", "error"}},
		{"LOG_FORMAT", c.LogFormat, []string{"auto", "json", "text"}},
	}
	for _, ch := range choices {
		if !slices.Contains(ch.allowed, ch.value) {
			return fmt.Errorf("%s: %q is none of %s", ch.name, ch.value, strings.Join(ch.allowed, ", "))
		}
	}
	for _, check := range []func() error{c.checkNumbers, c.checkTerminals, c.checkDBSource, c.checkProxies, c.checkOrigins, c.checkListen} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkNumbers checks the ranges of numbers and durations, and the settings that must be set in pairs.
func (c *Config) checkNumbers() error {
	switch {
	case (c.TLSCertFile == "") != (c.TLSKeyFile == ""):
		return fmt.Errorf("TLS_CERT_FILE and TLS_KEY_FILE: set both or neither")
	case (c.AdminUsername == "") != (c.AdminPasswordFile == ""):
		return fmt.Errorf("ADMIN_USERNAME and ADMIN_PASSWORD_FILE: set both or neither")
	case c.PasswordMin < 6 || c.PasswordMin > 1024:
		return fmt.Errorf("PASSWORD_MIN: %d is not between 6 and 1024", c.PasswordMin)
	case c.AccessTokenTTL <= 0:
		return fmt.Errorf("ACCESS_TOKEN_TTL: %s is not positive", c.AccessTokenTTL)
	case c.RefreshTokenTTL <= 0:
		return fmt.Errorf("REFRESH_TOKEN_TTL: %s is not positive", c.RefreshTokenTTL)
	case c.EventsKeep <= 0:
		return fmt.Errorf("EVENTS_KEEP: %s is not positive", c.EventsKeep)
	case c.EventsMax <= 0:
		return fmt.Errorf("EVENTS_MAX: %d is not positive", c.EventsMax)
	case c.AuditMax < 1000:
		return fmt.Errorf("AUDIT_MAX: %d is less than 1000", c.AuditMax)
	case c.MetricsContainersMax < 1:
		return fmt.Errorf("METRICS_CONTAINERS_MAX: %d is not positive", c.MetricsContainersMax)
	case c.PullStall < time.Second:
		return fmt.Errorf("PULL_STALL: %s is less than 1s", c.PullStall)
	case c.StatsIdle < 3*time.Second:
		return fmt.Errorf("STATS_IDLE: %s is less than 3s", c.StatsIdle)
	case !(c.StatsBudget > 0 && c.StatsBudget <= 64):
		return fmt.Errorf("STATS_BUDGET: %v is not between 0 and 64 cores", c.StatsBudget)
	}
	return nil
}

func (c *Config) checkProxies() error {
	_, err := c.Proxies()
	return err
}

// checkDBSource checks only the scheme: the rest may contain a password, which no message may show.
func (c *Config) checkDBSource() error {
	for _, scheme := range []string{"postgresql://", "postgres://", "sqlite:"} {
		if strings.HasPrefix(c.DBSource, scheme) {
			return nil
		}
	}
	return fmt.Errorf("DB_SOURCE: expected postgresql://… or sqlite:path")
}

func (c *Config) checkTerminals() error {
	switch {
	case c.ExecIdle < time.Second:
		return fmt.Errorf("EXEC_IDLE: %s is less than 1s", c.ExecIdle)
	case c.ExecLongest < time.Second:
		return fmt.Errorf("EXEC_LONGEST: %s is less than 1s", c.ExecLongest)
	case c.ExecPerUser < 1:
		return fmt.Errorf("EXEC_PER_USER: expected 1 or more, got %d", c.ExecPerUser)
	case c.ExecMax < 1:
		return fmt.Errorf("EXEC_MAX: expected 1 or more, got %d", c.ExecMax)
	case c.ExecRecordKeep < time.Hour:
		return fmt.Errorf("EXEC_RECORD_KEEP: %s is less than 1h", c.ExecRecordKeep)
	}
	return nil
}

func (c *Config) checkListen() error {
	if c.StreamsPerUser < 1 {
		return fmt.Errorf("STREAMS_PER_USER: expected 1 or more, got %d", c.StreamsPerUser)
	}
	if c.MaxStreams < 1 {
		return fmt.Errorf("MAX_STREAMS: expected 1 or more, got %d", c.MaxStreams)
	}
	if c.MaxConns < 0 {
		return fmt.Errorf("MAX_CONNS: expected 0 or more, got %d", c.MaxConns)
	}
	if _, _, err := net.SplitHostPort(c.ListenAddr); err != nil {
		return fmt.Errorf("LISTEN_ADDR: %w", err)
	}
	if c.AuthMode == "open" && !c.Loopback() && !c.AllowOpenNetwork {
		return fmt.Errorf("AUTH_MODE=open on %s would give control of Docker to every client that reaches it: "+
			"listen on 127.0.0.1, or set ALLOW_OPEN_NETWORK=true", c.ListenAddr)
	}
	if c.AuthMode == "open" && len(c.TrustedProxies) > 0 && !c.AllowOpenNetwork {
		return fmt.Errorf("AUTH_MODE=open with TRUSTED_PROXIES would give control of Docker to every client that reaches the proxy: " +
			"set ALLOW_OPEN_NETWORK=true if that is meant")
	}
	return nil
}

func (c *Config) checkOrigins() error {
	for _, origin := range c.CORSOrigins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+u.Host != origin || u.Host == "" {
			return fmt.Errorf("CORS_ORIGINS: %q is not an origin such as https://app.example.org", origin)
		}
	}
	return nil
}

// Loopback reports whether only this machine can reach ListenAddr.
func (c *Config) Loopback() bool {
	host, _, err := net.SplitHostPort(c.ListenAddr)
	if err != nil {
		return false
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// Unproxied reports whether only this machine can reach ListenAddr and no trusted proxy is configured.
func (c *Config) Unproxied() bool { return c.Loopback() && len(c.TrustedProxies) == 0 }

// Proxies returns TRUSTED_PROXIES as prefixes; a single address becomes a prefix of its full length.
func (c *Config) Proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range c.TrustedProxies {
		s = strings.TrimSpace(s)
		if addr, err := netip.ParseAddr(s); err == nil {
			all = append(all, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("TRUSTED_PROXIES: %q is neither an address nor a prefix", s)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// Package config reads wharf's settings: a file (app.env), overridden by the environment.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Config holds every setting. Its tags are the only definition of a setting's name, default and meaning; --help and the test
// of app.env read them.
type Config struct {
	ListenAddr     string `env:"LISTEN_ADDR" envDefault:"127.0.0.1:9083" help:"address and port to listen on"`
	TLSCertFile    string `env:"TLS_CERT_FILE" help:"PEM certificate chain; together with TLS_KEY_FILE it makes wharf serve HTTPS; both files are reloaded when they change"`
	TLSKeyFile     string `env:"TLS_KEY_FILE" help:"PEM private key for TLS_CERT_FILE"`
	MaxConns       int    `env:"MAX_CONNS" envDefault:"0" help:"maximum number of open client connections; further ones wait; 0 means as many as the limit on open files allows after what the engines need, at most 10000"`
	StreamsPerUser int    `env:"STREAMS_PER_USER" envDefault:"32" help:"maximum number of streams (events, usage) that one user may have open; in open mode all callers without a token count as one user"`
	MaxStreams     int    `env:"MAX_STREAMS" envDefault:"10000" help:"maximum number of streams that all users together may have open"`
	DataDir        string `env:"DATA_DIR" envDefault:"./data" help:"directory of the generated key and the SQLite database"`

	DBSource  string `env:"DB_SOURCE" help:"postgresql://user:password@host:5432/name or sqlite:path; empty means SQLite in DATA_DIR"`
	DBMigrate bool   `env:"DB_MIGRATE" envDefault:"true" help:"migrate the database schema to the current version at start"`

	DBNew bool `env:"DB_NEW" envDefault:"false" help:"allow an empty database although DATA_DIR holds the token.key of an earlier one; otherwise wharf refuses to start, since the first caller could become admin"`

	DockerHosts    string `env:"DOCKER_HOSTS" help:"name=address pairs, comma separated, such as web=tcp://10.1.0.119:2376,local=unix:///var/run/docker.sock; empty means one host named 'local', at DOCKER_HOST or at the default socket"`
	DockerCertPath string `env:"DOCKER_CERT_PATH" help:"directory of the certificates for tcp hosts with mutual TLS: <host>/{ca,cert,key}.pem, or {ca,cert,key}.pem for all hosts"`

	HostsFile     string `env:"HOSTS_FILE" help:"path of a hosts.yaml, which replaces DOCKER_HOSTS and sets TLS, ssh, labels and timeouts for each host; reloaded when it changes or on SIGHUP"`
	AllowPlainTCP bool   `env:"ALLOW_PLAIN_TCP" envDefault:"false" help:"allow tcp hosts without TLS with AUTH_MODE=required; everything on the network path to such a host can control it"`

	AuthMode         string   `env:"AUTH_MODE" envDefault:"required" help:"'required' demands a token on every Docker endpoint; 'open' accepts requests without a token"`
	AllowOpenNetwork bool     `env:"ALLOW_OPEN_NETWORK" envDefault:"false" help:"allow AUTH_MODE=open on addresses other than loopback or behind a proxy; every client that can reach wharf then controls Docker"`
	AllowedHosts     []string `env:"ALLOWED_HOSTS" help:"names accepted in the Host header in open mode, in addition to loopback, comma separated"`
	AnonRole         string   `env:"ANON_ROLE" envDefault:"operator" help:"role of a caller without a token in open mode: none, viewer, operator or admin"`
	MaskSecrets      bool     `env:"MASK_SECRETS" envDefault:"false" help:"mask values that look like secrets in open mode too"`

	Signup            string `env:"SIGNUP" envDefault:"closed" help:"'open' lets anyone create a user; 'closed' lets only admins create users, after the first user"`
	AdminUsername     string `env:"ADMIN_USERNAME" help:"name of an admin that is created at start if there is no user yet; requires ADMIN_PASSWORD_FILE"`
	AdminPasswordFile string `env:"ADMIN_PASSWORD_FILE" help:"file that holds the password of ADMIN_USERNAME"`
	PasswordMin       int    `env:"PASSWORD_MIN" envDefault:"6" help:"minimum length of a password in bytes, 6 to 1024"`

	PasswordPolicy string `env:"PASSWORD_POLICY" envDefault:"basic" help:"'strict' requires 8 bytes and refuses the most common passwords"`

	TokenMaker      string        `env:"TOKEN_MAKER" envDefault:"jwt" help:"'jwt' (HS256) or 'paseto' (v2.local)"`
	TokenKeys       string        `env:"TOKEN_KEYS" help:"id:key pairs, comma separated, each key 32 bytes or longer; the first key signs tokens, all of them verify tokens; empty means a generated key in DATA_DIR"`
	AccessTokenTTL  time.Duration `env:"ACCESS_TOKEN_TTL" envDefault:"15m" help:"lifetime of an access token"`
	RefreshTokenTTL time.Duration `env:"REFRESH_TOKEN_TTL" envDefault:"24h" help:"lifetime of a refresh token and its session"`

	RefreshRotation bool `env:"REFRESH_ROTATION" envDefault:"false" help:"issue a new refresh token at each renewal; using an old one again ends the session"`

	EventsKeep time.Duration `env:"EVENTS_KEEP" envDefault:"168h" help:"how long events are kept"`
	EventsMax  int64         `env:"EVENTS_MAX" envDefault:"1000000" help:"maximum number of events that are kept"`

	AuditMax int32 `env:"AUDIT_MAX" envDefault:"1000000" help:"maximum number of audit rows that are kept; rows older than a year are deleted in any case"`

	StatsSource string        `env:"STATS_SOURCE" envDefault:"auto" help:"source of usage: 'engine' asks the engine; 'kernel' reads this machine's cgroup and proc files; 'auto' reads the files where the engine runs on this machine, and asks the engine otherwise"`
	StatsIdle   time.Duration `env:"STATS_IDLE" envDefault:"30s" help:"how long sampling of usage continues after the last request for it, 3s or more"`
	StatsBudget float64       `env:"STATS_BUDGET" envDefault:"0.1" help:"CPU cores that an engine may spend on answering usage samples, for all replicas together"`

	LogsRole   string `env:"LOGS_ROLE" envDefault:"viewer" help:"minimum role for reading containers' logs: viewer or operator; a program may log secrets that wharf masks elsewhere"`
	LogsSource string `env:"LOGS_SOURCE" envDefault:"auto" help:"source of log searches: 'engine' asks the engine; 'files' reads this machine's json-file logs and fails where it can't; 'auto' reads the files where the engine runs on this machine, and asks the engine otherwise"`

	ExecEnabled    bool          `env:"EXEC_ENABLED" envDefault:"true" help:"allow terminals in containers for admins and for users with a grant that has exec; the label wharf.exec=off excludes a container"`
	ExecIdle       time.Duration `env:"EXEC_IDLE" envDefault:"30m" help:"how long a terminal may stay open without input"`
	ExecLongest    time.Duration `env:"EXEC_LONGEST" envDefault:"8h" help:"maximum duration of a terminal"`
	ExecPerUser    int           `env:"EXEC_PER_USER" envDefault:"16" help:"maximum number of terminals that one user may have open"`
	ExecMax        int           `env:"EXEC_MAX" envDefault:"256" help:"maximum number of terminals that all users together may have open"`
	ExecRecord     string        `env:"EXEC_RECORD" envDefault:"off" help:"'output' records the output of terminals below DATA_DIR, for admins, including any password that a program shows; 'off' records nothing"`
	ExecRecordKeep time.Duration `env:"EXEC_RECORD_KEEP" envDefault:"720h" help:"how long terminal recordings are kept"`

	RegistryConfig string        `env:"REGISTRY_CONFIG" help:"file with the credentials of image registries for pulls, in the format of Docker's config.json; credential helpers are not run; reloaded when it changes"`
	PullStall      time.Duration `env:"PULL_STALL" envDefault:"90s" help:"how long an engine may send no progress during a pull before the pull counts as stalled"`

	CORSOrigins    []string `env:"CORS_ORIGINS" help:"origins of web pages that may call the API, such as https://app.example.org, comma separated"`
	TrustedProxies []string `env:"TRUSTED_PROXIES" help:"addresses or prefixes of reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted, comma separated"`

	Metrics              string `env:"METRICS" envDefault:"on" help:"'on' serves /metrics to callers that may see at least one host; 'containers' also serves /metrics/containers, which samples usage while it is scraped; 'off' serves neither"`
	MetricsContainersMax int    `env:"METRICS_CONTAINERS_MAX" envDefault:"10000" help:"maximum number of containers in /metrics/containers"`

	LogLevel  string `env:"LOG_LEVEL" envDefault:"info" help:"minimum level of log lines: debug, info, warn or error"`
	LogFormat string `env:"LOG_FORMAT" envDefault:"auto" help:"'json', 'text' or 'auto', which is text if standard error is a terminal and json otherwise"`
}

// Load returns the settings from a file, which may be missing unless mandatory, and from environ ("K=V" strings), which takes
// precedence. The error is one line that names the setting.
func Load(file string, mandatory bool, environ []string) (Config, error) {
	vars, err := readFile(file, mandatory)
	if err != nil {
		return Config{}, err
	}
	maps.Copy(vars, env.ToMap(environ))
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		return Config{}, oneLine(err)
	}
	if c.DBSource == "" {
		c.DBSource = "sqlite:" + filepath.Join(c.DataDir, "wharf.db")
	}
	return c, c.check()
}

// dockerOwn are the variables that Docker's client itself reads from the process's environment.
var dockerOwn = []string{"DOCKER_HOST", "DOCKER_TLS_VERIFY"}

// readFile returns the settings in a file, and sets the variables in dockerOwn in the process's environment. Unknown names are
// an error.
func readFile(file string, mandatory bool) (map[string]string, error) {
	vars, err := godotenv.Read(file)
	if errors.Is(err, fs.ErrNotExist) && !mandatory {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings file %s: %w", file, err)
	}
	known := slices.Clone(dockerOwn)
	for _, s := range Settings() {
		known = append(known, s.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("settings file %s: unknown setting %s", file, name)
		}
	}
	for _, name := range dockerOwn {
		if v, ok := vars[name]; ok && os.Getenv(name) == "" {
			if err := os.Setenv(name, v); err != nil {
				return nil, fmt.Errorf("settings file %s: %s: %w", file, name, err)
			}
		}
	}
	return vars, nil
}

// oneLine returns an error of one line, which names the setting that package env could not parse.
func oneLine(err error) error {
	var parse env.ParseError
	if !errors.As(err, &parse) {
		return fmt.Errorf("settings: %w", err)
	}
	for _, s := range Settings() {
		if s.field == parse.Name {
			return fmt.Errorf("%s: %w", s.Name, parse.Err)
		}
	}
	return fmt.Errorf("settings: %w", err)
}

// Setting describes one setting, for --help and for the test of app.env.
type Setting struct {
	Name    string
	Default string
	Help    string
	field   string
}

// Settings returns every setting, in the order of Config's fields.
func Settings() []Setting {
	var all []Setting
	for f := range reflect.TypeFor[Config]().Fields() {
		all = append(all, Setting{
			Name: f.Tag.Get("env"), Default: f.Tag.Get("envDefault"), Help: f.Tag.Get("help"), field: f.Name,
		})
	}
	return all
}

// Help returns the settings, their defaults and meanings as text for a terminal.
func Help() string {
	var b strings.Builder
	for _, s := range Settings() {
		fmt.Fprintf(&b, "  %s", s.Name)
		if s.Default != "" {
			fmt.Fprintf(&b, "=%s", s.Default)
		}
		fmt.Fprintf(&b, "\n      %s\n", s.Help)
	}
	return b.String()
}

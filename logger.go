package main

import (
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"

	"wharf/util/config"
)

// newLogger writes to standard error: JSON, or plain text if that is a terminal.
func newLogger(cfg config.Config) zerolog.Logger {
	zerolog.TimeFieldFormat = time.RFC3339Nano
	level, err := zerolog.ParseLevel(cfg.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel // cfg was checked
	}
	text := cfg.LogFormat == "text" || (cfg.LogFormat == "auto" && term.IsTerminal(int(os.Stderr.Fd())))
	if text {
		console := zerolog.ConsoleWriter{Out: os.Stderr, TimeFormat: time.TimeOnly}
		return zerolog.New(console).Level(level).With().Timestamp().Logger()
	}
	return zerolog.New(os.Stderr).Level(level).With().Timestamp().Logger()
}

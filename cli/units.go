package cli

import (
	"fmt"
	"time"
)

// shortID returns an id as in docker's tables.
func shortID(id string) string { return id[:min(len(id), 12)] }

// ago returns how long ago a time was, in docker's words.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return ""
	}
	return roughly(now.Sub(at)) + " ago"
}

// roughly returns a duration in docker's words.
func roughly(d time.Duration) string {
	hours := int(d.Hours() + 0.5)
	switch {
	case d < time.Second:
		return "Less than a second"
	case d < 2*time.Second:
		return "1 second"
	case d < time.Minute:
		return fmt.Sprintf("%d seconds", int(d.Seconds()))
	case d < 2*time.Minute:
		return "About a minute"
	case d < time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	case hours == 1:
		return "About an hour"
	case hours < 48:
		return fmt.Sprintf("%d hours", hours)
	case hours < 24*7*2:
		return fmt.Sprintf("%d days", hours/24)
	case hours < 24*30*2:
		return fmt.Sprintf("%d weeks", hours/24/7)
	case hours < 24*365*2:
		return fmt.Sprintf("%d months", hours/24/30)
	default:
		return fmt.Sprintf("%d years", int(d.Hours())/24/365)
	}
}

// binarySize formats bytes in units of 1024, as docker stats does for memory.
func binarySize(n float64) string {
	return scaled("%.4g%s", n, 1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"})
}

// decimalSize formats bytes in units of 1000, as docker stats does for traffic.
func decimalSize(n float64) string {
	return scaled("%.3g%s", n, 1000, []string{"B", "kB", "MB", "GB", "TB", "PB", "EB"})
}

func scaled(format string, n, base float64, units []string) string {
	i := 0
	for n >= base && i < len(units)-1 {
		n /= base
		i++
	}
	return fmt.Sprintf(format, n, units[i])
}

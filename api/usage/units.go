package usage

import (
	"fmt"
	"math"
)

var (
	binaryUnits  = []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	decimalUnits = []string{"B", "KB", "MB", "GB", "TB", "PB", "EB"}
)

// memoryText returns the contract's text for memory: base 1024, always two decimals ("0.00 B", "2.91 MiB").
func memoryText(bytes uint64) string {
	value, unit := scale(bytes, 1024, binaryUnits)
	return fmt.Sprintf("%.2f %s", value, unit)
}

// networkText returns the contract's text for network traffic: base 1000, two decimals from 1 KB on ("999 B", "1.25 MB").
func networkText(bytes uint64) string {
	value, unit := scale(bytes, 1000, decimalUnits)
	if unit == "B" {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.2f %s", value, unit)
}

// scale returns the value in the smallest unit in which it stays below base when rounded to two decimals, and that unit.
func scale(bytes uint64, base float64, units []string) (float64, string) {
	value, i := float64(bytes), 0
	for i < len(units)-1 && round2(value) >= base {
		value /= base
		i++
	}
	return value, units[i]
}

// round2 rounds to two decimals, the contract's precision of percentages.
func round2(x float64) float64 { return math.Round(x*100) / 100 }

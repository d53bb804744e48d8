package usage

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryText(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[uint64]string{
		0: "0.00 B", 1: "1.00 B", 1023: "1023.00 B", 1024: "1.00 KiB", 3051356: "2.91 MiB",
		134742016: "128.50 MiB", 1 << 32: "4.00 GiB", 1<<20 - 1: "1.00 MiB", 1 << 40: "1.00 TiB", math.MaxUint64: "16.00 EiB",
	} {
		require.Equal(t, want, memoryText(bytes))
	}
}

func TestNetworkText(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[uint64]string{
		0: "0 B", 1: "1 B", 999: "999 B", 1000: "1.00 KB", 9640: "9.64 KB", 512000: "512.00 KB", 1250000: "1.25 MB",
		999_999: "1.00 MB", 999_994: "999.99 KB", 5_000_000_000: "5.00 GB", 7_120_000_000_000: "7.12 TB", math.MaxUint64: "18.45 EB",
	} {
		require.Equal(t, want, networkText(bytes))
	}
}

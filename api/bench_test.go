package api

import (
	"fmt"
	"testing"

	"wharf/api/usage"
	"wharf/dockerx/containers"
	"wharf/dockerx/stats"
)

func BenchmarkEncodeList200(b *testing.B) {
	rows := make([]containers.Container, 200)
	for i := range rows {
		rows[i] = containers.Container{
			ID: fmt.Sprintf("%064d", i), Name: fmt.Sprintf("shop-web-%d", i), Image: "registry.example/shop/web:1.2.3",
			State: "running", Status: "Up 2 hours (healthy)",
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		encodeData(containerRows(rows))
	}
}

func BenchmarkEncodeUsages200(b *testing.B) {
	usages := make([]stats.Usage, 200)
	for i := range usages {
		usages[i] = stats.Usage{
			ID: fmt.Sprintf("%064d", i), Name: fmt.Sprintf("shop-web-%d", i), Running: true,
			CPUPercent: 2.345, MemoryUsage: 134742016, MemoryLimit: 1 << 32, MemoryPercent: 3.14, NetworkRx: 1250000, NetworkTx: 512000,
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		encodeData(usage.Texts(usages))
	}
}

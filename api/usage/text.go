package usage

import (
	"wharf/api/dto"
	"wharf/dockerx/stats"
)

// Text returns a container's usage as the contract's texts.
func Text(u stats.Usage) dto.UsageText {
	return dto.UsageText{
		ID: dto.ShortID(u.ID), Name: u.Name, CPUPercent: round2(u.CPUPercent),
		MemoryUsage: memoryText(u.MemoryUsage), MemoryLimit: memoryText(u.MemoryLimit), MemoryPercent: round2(u.MemoryPercent),
		NetworkRx: networkText(u.NetworkRx), NetworkTx: networkText(u.NetworkTx),
	}
}

// Texts returns the containers' usage as the contract's texts, by the first 12 characters of their ids.
func Texts(usages []stats.Usage) map[string]dto.UsageText {
	rows := make(map[string]dto.UsageText, len(usages))
	for _, u := range usages {
		rows[dto.ShortID(u.ID)] = Text(u)
	}
	return rows
}

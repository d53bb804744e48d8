package service

import (
	"context"
	"strings"

	"wharf/dockerx/containers"
)

// Processes returns the processes of one container, masked as the actor's role on it requires.
func (h *Host) Processes(ctx context.Context, ref containers.Ref) (*containers.Processes, error) {
	d, err := h.resolve(ctx, ref, View)
	if err != nil {
		return nil, err
	}
	p, err := h.host.Top(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	if h.actor.Unmasked || h.actor.roleOn(h.host.Name(), d.Config.Labels).atLeast(RoleAdmin) {
		return p, nil
	}
	for _, row := range p.Rows { // not shared, so they may be changed
		for i := range row {
			row[i] = maskCommandLine(row[i])
		}
	}
	return p, nil
}

// maskCommandLine masks a command line whose arguments are joined by spaces. Words after a masked argument may belong to the
// same value, so they are masked up to the next one that begins with "-".
func maskCommandLine(line string) string {
	args := strings.Fields(line)
	masked := maskArgs(args)
	changed, hiding := false, false
	for i := range masked {
		switch {
		case strings.HasSuffix(masked[i], Mask):
			hiding = true
		case hiding && !strings.HasPrefix(args[i], "-"):
			masked[i] = Mask
		default:
			hiding = false
		}
		changed = changed || masked[i] != args[i]
	}
	if whole := maskText(line); !changed {
		return whole // masks secrets that span several arguments, and keeps the line's spaces
	}
	return maskText(strings.Join(masked, " "))
}

package service

import (
	"context"
	"slices"
	"sync"
	"time"

	"wharf/dockerx"
	"wharf/dockerx/images"
)

// updateTimeout is how long a list waits for registries. Queries continue after it, for the next list.
const updateTimeout = 5 * time.Second

// Updates returns for each container whether its tag now refers to another image in the registry. The engines query the
// registries; the answers are cached for an hour.
func (s *Hosts) Updates(ctx context.Context, actor Actor, rows []HostedContainer) []images.Update {
	ctx, cancel := context.WithTimeout(ctx, updateTimeout)
	defer cancel()
	updates := make([]images.Update, len(rows))
	var asking sync.WaitGroup
	for name, positions := range byHost(rows) {
		h, err := s.Open(ctx, actor, name, View)
		if err != nil {
			continue // the host has disappeared since
		}
		asking.Go(func() {
			list, uses, err := readBoth(ctx, h.host, (*dockerx.Host).ListImages)
			var comparing sync.WaitGroup
			for _, at := range positions {
				updates[at] = images.Update{State: images.UpdateUnknown, Reason: images.ReasonOther}
				if err == nil {
					comparing.Go(func() { updates[at] = h.update(ctx, &rows[at], list, uses) })
				}
			}
			comparing.Wait()
		})
	}
	asking.Wait()
	return updates
}

func byHost(rows []HostedContainer) map[string][]int {
	positions := map[string][]int{}
	for i := range rows {
		positions[rows[i].Host] = append(positions[rows[i].Host], i)
	}
	return positions
}

func (h *Host) update(ctx context.Context, c *HostedContainer, list *images.Rows, uses *images.Uses) images.Update {
	none := images.Update{State: images.UpdateUnknown, Reason: images.ReasonOther}
	name, err := h.host.ConfigImage(ctx, c.Container)
	if err != nil {
		return none
	}
	ref, err := images.ParseRef(name)
	if err != nil {
		return images.Update{State: images.UpdateLocal} // the container was created from an image id
	}
	if ref.Pinned() {
		return images.Update{State: images.UpdatePinned}
	}
	use := slices.IndexFunc(uses.Containers, func(u images.Use) bool { return u.ID == c.ID })
	if use < 0 {
		return none
	}
	row := slices.IndexFunc(list.Images, func(i images.Row) bool { return i.ID == uses.Containers[use].Image })
	if row < 0 {
		return none
	}
	digests := list.Images[row].Digests
	if !images.FromRegistry(ref, digests) {
		return images.Update{State: images.UpdateLocal}
	}
	answer, err := h.host.RegistryDigest(ctx, ref)
	if err != nil {
		return images.Update{State: images.UpdateChecking}
	}
	return images.Compare(ref, digests, answer)
}

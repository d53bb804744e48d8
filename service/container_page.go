package service

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"sort"
	"sync"
	"time"

	"wharf/dockerx/containers"
)

// ContainerQuery asks for a page of containers.
type ContainerQuery struct {
	ContainerFilter
	Order string           // "host", "name", "image", "state" or "created", descending with a leading "-"
	After *HostedContainer // the last container of the previous page, which may no longer exist; nil: the first page
	Limit int
}

// ContainerPage is a page of containers in the order of its query.
type ContainerPage struct {
	Containers []HostedContainer
	More       bool // there is another page
	Hosts      []HostResult
}

// ContainerPage returns a page of the containers that the actor may see, of all hosts. The cached lists of the hosts, which
// events keep current, decide which containers are on the page. Then only the hosts on the page are queried, unless their
// list has just been read. If a host doesn't answer in time, its HostResult has the error. Errors: those of Containers.
func (s *Hosts) ContainerPage(ctx context.Context, actor Actor, q ContainerQuery) (*ContainerPage, error) {
	hosts, err := s.openAll(ctx, actor, q.Hosts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := withListTimeout(ctx, len(hosts))
	defer cancel()
	p := newPaging(hosts, q)
	p.read(ctx, func(part *hostPart) bool {
		return part.list == nil || len(hosts) == 1 || q.Text != "" && part.list.Aged(time.Now())
	})
	page := p.page()
	if p.read(ctx, func(part *hostPart) bool { return part.shown && part.list.Aged(time.Now()) }) {
		page = p.page()
	}
	p.check()
	return page, nil
}

// checkedAtOnce is how many aged lists each page refreshes in the background.
const checkedAtOnce = 20

// check starts to refresh some aged lists, for later pages.
func (p *paging) check() {
	checked := 0
	for _, i := range rand.Perm(len(p.parts)) {
		if p.parts[i].host.CheckList() {
			checked++
		}
		if checked == checkedAtOnce {
			return
		}
	}
}

// paging builds one page from the lists of the hosts.
type paging struct {
	ContainerQuery
	order containerOrder
	parts []*hostPart
}

// hostPart is a host's part of a page.
type hostPart struct {
	*Host
	name  string
	all   bool             // the actor sees all containers of the host
	list  *containers.List // nil if the host didn't answer
	err   error
	shown bool // the page has a container of this host

	places []int32 // indexes of the list's rows, in the ascending order
	at     int     // how many places come before the next row, in the page's order
}

func newPaging(hosts []*Host, q ContainerQuery) *paging {
	p := &paging{ContainerQuery: q, order: orderNamed(q.Order), parts: make([]*hostPart, len(hosts))}
	for i, h := range hosts {
		name := h.host.Name()
		p.parts[i] = &hostPart{Host: h, name: name, all: h.actor.everywhereOn(name, View), list: h.host.KeptList()}
	}
	return p
}

// read requests the lists of the hosts that are due, concurrently, and reports whether any host was due.
func (p *paging) read(ctx context.Context, due func(*hostPart) bool) bool {
	var asking sync.WaitGroup
	asked := false
	for _, part := range p.parts {
		if part.err != nil || !due(part) {
			continue
		}
		asked = true
		asking.Go(func() { part.list, part.err = part.host.List(ctx) })
	}
	asking.Wait()
	return asked
}

// page merges the hosts' sorted lists until the page is full.
func (p *paging) page() *ContainerPage {
	page := &ContainerPage{Containers: make([]HostedContainer, 0, p.Limit), Hosts: make([]HostResult, len(p.parts))}
	next := &mergeHeap{order: p.order}
	for i, part := range p.parts {
		page.Hosts[i] = HostResult{part.name, part.err}
		if part.shown = false; part.err == nil && p.begin(part) {
			next.parts = append(next.parts, part)
		}
	}
	heap.Init(next)
	for len(next.parts) > 0 {
		part := next.parts[0]
		if len(page.Containers) == p.Limit {
			page.More = true
			break
		}
		part.shown = true
		page.Containers = append(page.Containers, part.present(part.row(p.order)))
		if part.at++; p.skip(part) {
			heap.Fix(next, 0)
		} else {
			heap.Pop(next)
		}
	}
	return page
}

// begin finds the host's first row of the page and reports whether there is one.
func (p *paging) begin(part *hostPart) bool {
	part.places = part.list.Order(p.order.key, func(a, b *containers.Container) int { return p.order.compare("", a, "", b) })
	part.at = 0
	if p.After != nil {
		part.at = sort.Search(len(part.places), func(i int) bool {
			part.at = i
			return p.order.before(p.After.Host, &p.After.Container, part.name, part.row(p.order))
		})
	}
	return p.skip(part)
}

// selects reports whether the query selects a row. A filter must not reveal masked labels.
func (p *paging) selects(part *hostPart, c *containers.Container) bool {
	if len(p.Labels) == 0 && len(p.Projects) == 0 && p.Text == "" {
		return p.matches(part.name, c)
	}
	shown := part.present(c)
	return p.matches(part.name, &shown.Container)
}

// skip advances to the host's next row that the query selects and reports whether there is one.
func (p *paging) skip(part *hostPart) bool {
	for ; part.at < len(part.places); part.at++ {
		c := part.row(p.order)
		if (part.all || part.sees(c.Labels)) && p.selects(part, c) {
			return true
		}
	}
	return false
}

// row returns the host's next row.
func (part *hostPart) row(o containerOrder) *containers.Container {
	at := part.at
	if o.descending {
		at = len(part.places) - 1 - at
	}
	return &part.list.Containers[part.places[at]]
}

// present returns a row as the actor sees it.
func (part *hostPart) present(c *containers.Container) HostedContainer {
	shown := *c
	shown.Labels = part.shownLabels(c.Labels)
	return HostedContainer{part.name, shown}
}

// mergeHeap is a heap.Interface of hosts, ordered by their next rows.
type mergeHeap struct {
	order containerOrder
	parts []*hostPart
}

func (m *mergeHeap) Len() int      { return len(m.parts) }
func (m *mergeHeap) Swap(i, j int) { m.parts[i], m.parts[j] = m.parts[j], m.parts[i] }
func (m *mergeHeap) Less(i, j int) bool {
	a, b := m.parts[i], m.parts[j]
	return m.order.before(a.name, a.row(m.order), b.name, b.row(m.order))
}
func (m *mergeHeap) Push(part any) { m.parts = append(m.parts, part.(*hostPart)) }

// Pop removes the last element, to which package heap has moved the first.
func (m *mergeHeap) Pop() any {
	last := m.parts[len(m.parts)-1]
	m.parts = m.parts[:len(m.parts)-1]
	return last
}

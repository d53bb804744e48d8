package service

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"wharf/db"
	"wharf/util/apperr"
)

// projectLabel is the label with the name of a container's Compose project.
const projectLabel = "com.docker.compose.project"

// Targets returns the containers that a filter selects and on which the actor may run an operation, with their unmasked
// labels, and the result of each host. Errors: those of Containers.
func (s *Hosts) Targets(ctx context.Context, actor Actor, operation string, f ContainerFilter) ([]HostedContainer, []HostResult, error) {
	hosts, lists, answers, err := s.lists(ctx, actor, f.Hosts)
	if err != nil {
		return nil, nil, err
	}
	found := []HostedContainer{}
	for i, list := range lists {
		if list == nil {
			continue
		}
		for _, c := range list.Containers {
			shown := c
			shown.Labels = hosts[i].shownLabels(c.Labels) // before matching: a filter must not reveal masked values
			if hosts[i].may(PermissionOf(operation), c.Labels) && f.matches(answers[i].Host, &shown) {
				found = append(found, HostedContainer{answers[i].Host, c})
			}
		}
	}
	return found, answers, nil
}

// Sees reports whether the actor may see a container with these labels on a host.
func (a Actor) Sees(host string, labels map[string]string) bool {
	return a.roleOn(host, labels).atLeast(needs[View])
}

// SeesAllOn reports whether the actor may see every container of a host, and so data about the host as a whole.
func (a Actor) SeesAllOn(host string) bool { return a.everywhereOn(host, View) }

// Renewed returns the actor with its current rights, for work that outlives its request. It doesn't require the session to be
// alive, but an enabled user, or a valid API key. Errors: Unauthorized.
func (s *Sessions) Renewed(ctx context.Context, actor Actor) (Actor, error) {
	switch {
	case actor.Anonymous:
		return actor, nil
	case actor.Key:
		return s.Current(ctx, actor.SessionID)
	}
	u, err := s.db.Queries().GetUser(ctx, actor.UserID)
	if db.IsNoRows(err) || (err == nil && u.Disabled) {
		return Actor{}, apperr.New(apperr.Unauthorized, "the user is disabled or deleted")
	}
	if err != nil {
		return Actor{}, fmt.Errorf("get user: %w", err)
	}
	actor.Role = Role(u.Role)
	actor.Grants, err = grantsOf(ctx, s.db.Queries(), actor.UserID)
	return actor, err
}

// Project is a Compose project on one or more hosts, with the containers that the actor may see.
type Project struct {
	Name       string
	Hosts      []string // sorted
	Services   []string // sorted
	Containers int
	Running    int // the number of Containers that run
}

// Projects returns the Compose projects, sorted by name, and the result of each host. Errors: those of Containers.
func (s *Hosts) Projects(ctx context.Context, actor Actor, f ContainerFilter) ([]Project, []HostResult, error) {
	all, answers, err := s.Containers(ctx, actor, f)
	if err != nil {
		return nil, nil, err
	}
	byName := map[string]*Project{}
	for i := range all {
		name := all[i].Labels[projectLabel]
		if name == "" {
			continue
		}
		p := byName[name]
		if p == nil {
			p = &Project{Name: name, Hosts: []string{}, Services: []string{}}
			byName[name] = p
		}
		p.add(&all[i])
	}
	projects := make([]Project, 0, len(byName))
	for _, p := range byName {
		projects = append(projects, *p)
	}
	slices.SortFunc(projects, func(a, b Project) int { return cmp.Compare(a.Name, b.Name) })
	return projects, answers, nil
}

func (p *Project) add(c *HostedContainer) {
	p.Containers++
	if c.Running() {
		p.Running++
	}
	insert(&p.Hosts, c.Host)
	if service := c.Labels["com.docker.compose.service"]; service != "" {
		insert(&p.Services, service)
	}
}

// insert adds s to a sorted set.
func insert(set *[]string, s string) {
	if i, there := slices.BinarySearchFunc(*set, s, strings.Compare); !there {
		*set = slices.Insert(*set, i, s)
	}
}

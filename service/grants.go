package service

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"

	"wharf/db"
	"wharf/db/sqlc"
	"wharf/util/apperr"
	"wharf/util/text"
)

// Grant gives a user a role on the containers with certain labels, on the hosts that match a pattern. It doesn't name
// containers, as their ids change when they are recreated.
type Grant struct {
	ID        uuid.UUID
	Username  string
	Hosts     string // a pattern: prod-*, *
	Labels    string // a selector: team=web, or team=web,tier; empty for all
	Role      Role
	Exec      bool // includes terminals
	CreatedBy string
	CreatedAt time.Time // UTC
}

// NewGrant describes a grant to create.
type NewGrant struct {
	Username, Hosts, Labels string
	Role                    Role
	Exec                    bool
}

var (
	hostPattern   = regexp.MustCompile(`^[a-zA-Z0-9*?._-]{1,200}$`)
	labelSelector = regexp.MustCompile(`^[^\s,=]{1,200}(=[^,]{0,200})?(,[^\s,=]{1,200}(=[^,]{0,200})?)*$`)
)

func checkGrant(in NewGrant) error {
	var hosts, labels, role string
	if !hostPattern.MatchString(in.Hosts) {
		hosts = "hosts: must be a host's name or a pattern such as prod-* or *"
	}
	if in.Labels != "" && (!labelSelector.MatchString(in.Labels) || !text.Printable(in.Labels) || len(in.Labels) > 2000) {
		labels = "labels: must be a selector such as team=web or team=web,tier=1"
	}
	if in.Role == "" || in.Role == RoleNone || checkRole(in.Role) != "" {
		role = "role: must be viewer, operator or admin"
	}
	return invalid(hosts, labels, role)
}

// Grant gives a user rights, effective immediately. The user's open streams end, so that clients reconnect with the new
// rights. Errors: Forbidden, Invalid, NotFound for an unknown user.
func (u *Users) Grant(ctx context.Context, actor Actor, in NewGrant) (g Grant, err error) {
	err = u.opts.Audit.Record(ctx, actor, Intent{Action: ActionGrantCreate, Target: in.Username}, func(ctx context.Context, _ uuid.UUID) error {
		g, err = u.grant(ctx, actor, in)
		return err
	})
	return g, err
}

func (u *Users) grant(ctx context.Context, actor Actor, in NewGrant) (Grant, error) {
	if err := mayAdminister(actor); err != nil {
		return Grant{}, err
	}
	if err := checkGrant(in); err != nil {
		return Grant{}, err
	}
	g := Grant{
		ID: uuid.New(), Hosts: in.Hosts, Labels: in.Labels, Role: in.Role, Exec: in.Exec,
		CreatedBy: actor.Username, CreatedAt: db.Time(time.Now()),
	}
	err := u.change(ctx, func(q *sqlc.Queries) error {
		user, err := findUser(ctx, q, in.Username)
		if err != nil {
			return err
		}
		g.Username = user.Username
		if err := q.CreateGrant(ctx, sqlc.CreateGrantParams{
			ID: g.ID, UserID: user.ID, Hosts: g.Hosts, Labels: g.Labels, Role: string(g.Role), Exec: g.Exec,
			CreatedBy: g.CreatedBy, CreatedAt: g.CreatedAt,
		}); err != nil {
			return fmt.Errorf("create grant: %w", db.MapError(err))
		}
		_, err = q.RaiseRights(ctx, user.ID)
		return err
	})
	return g, err
}

// Revoke deletes a grant, effective immediately. Errors: Forbidden, NotFound.
func (u *Users) Revoke(ctx context.Context, actor Actor, id uuid.UUID) error {
	return u.opts.Audit.Revoke(ctx, actor, Intent{Action: ActionGrantDelete, Target: id.String()},
		func(ctx context.Context, _ uuid.UUID) error { return u.revoke(ctx, actor, id) })
}

func (u *Users) revoke(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := mayAdminister(actor); err != nil {
		return err
	}
	return u.change(ctx, func(q *sqlc.Queries) error {
		g, err := q.GetGrant(ctx, id)
		if db.IsNoRows(err) {
			return apperr.New(apperr.NotFound, "no such grant")
		}
		if err != nil {
			return fmt.Errorf("get grant: %w", err)
		}
		if _, err := q.DeleteGrant(ctx, id); err != nil {
			return fmt.Errorf("delete grant: %w", err)
		}
		_, err = q.RaiseRights(ctx, g.UserID)
		return err
	})
}

// Grants returns a page of the grants of one user, or of all users if username is empty. next is the cursor of the
// following page, empty on the last. Errors: Forbidden, Invalid.
func (u *Users) Grants(ctx context.Context, actor Actor, username string, p Page) (all []Grant, next string, err error) {
	if err := mayAdminister(actor); err != nil {
		return nil, "", err
	}
	after, err := p.afterID()
	if err != nil {
		return nil, "", err
	}
	rows, err := u.db.Queries().ListGrants(ctx, sqlc.ListGrantsParams{
		After: after, Page: p.limit() + 1,
		UsernameFolded: sql.NullString{String: text.Storable(fold(username)), Valid: username != ""},
	})
	if err != nil {
		return nil, "", fmt.Errorf("list grants: %w", err)
	}
	rows, more := cut(p, rows)
	all = make([]Grant, len(rows))
	for i, r := range rows {
		all[i] = Grant{
			ID: r.ID, Username: r.Username, Hosts: r.Hosts, Labels: r.Labels, Role: Role(r.Role), Exec: r.Exec,
			CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt.UTC(),
		}
	}
	if more {
		next = all[len(all)-1].ID.String()
	}
	return all, next, nil
}

// grantsOf returns a user's grants.
func grantsOf(ctx context.Context, q *sqlc.Queries, user uuid.UUID) ([]Grant, error) {
	rows, err := q.UserGrants(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("get grants: %w", err)
	}
	var all []Grant
	for _, r := range rows {
		all = append(all, Grant{ID: r.ID, Hosts: r.Hosts, Labels: r.Labels, Role: Role(r.Role), Exec: r.Exec})
	}
	return all, nil
}

// The rights of a role, by the same rules as service/access.go: the page offers only what is allowed.
import type { Me, Role } from '../api';

const rank: Record<Role, number> = { none: 0, viewer: 1, operator: 2, admin: 3 };

// roleOn returns the caller's role on a container with these labels.
export function roleOn(me: Me, host: string, labels: Readonly<Record<string, string>>): Role {
  let best = me.role;
  for (const grant of me.grants) {
    if (rank[grant.role] > rank[best] && matches(grant.hosts, host) && selects(grant.labels, labels)) best = grant.role;
  }
  return best;
}

export function mayOperate(me: Me, container: { host: string; labels: Readonly<Record<string, string>> }): boolean {
  return rank[roleOn(me, container.host, container.labels)] >= rank.operator;
}

// mayChangeHost reports whether the caller may change objects of the whole host: images, volumes, networks.
export function mayChangeHost(me: Me, host: string): boolean {
  return rank[me.role] >= rank.operator || me.grants.some((g) => g.labels === '' && matches(g.hosts, host) && rank[g.role] >= rank.operator);
}

export const changesSomeHost = (me: Me): boolean => rank[me.role] >= rank.operator || me.grants.some((g) => g.labels === '' && rank[g.role] >= rank.operator);

// mayExec reports whether the caller may open a terminal in a container: as an admin, or with a grant that has exec.
export function mayExec(me: Me, container: { host: string; labels: Readonly<Record<string, string>> }): boolean {
  if (container.labels['wharf.exec'] === 'off' || me.anonymous) return false;
  const granted = me.grants.some((g) => g.exec && matches(g.hosts, container.host) && selects(g.labels, container.labels));
  return granted || roleOn(me, container.host, container.labels) === 'admin';
}

export const isAdmin = (me: Me): boolean => me.role === 'admin';

// seesAnything reports whether the caller may see any host.
export const seesAnything = (me: Me): boolean => me.role !== 'none' || me.grants.length > 0;

// matches compares a name with a pattern, in which * matches any text and ? any character.
export function matches(pattern: string, name: string): boolean {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.');
  return new RegExp(`^${source}$`).test(name);
}

// selects reports whether labels match a selector such as team=web,tier.
export function selects(selector: string, labels: Readonly<Record<string, string>>): boolean {
  if (selector === '') return true;
  return selector.split(',').every((term) => {
    const at = term.indexOf('=');
    const key = at < 0 ? term : term.slice(0, at);
    return Object.hasOwn(labels, key) && (at < 0 || labels[key] === term.slice(at + 1));
  });
}

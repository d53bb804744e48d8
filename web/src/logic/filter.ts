// The filters, order and groups of the list of containers, all of which are kept in the address.
import type { Container } from './container';

export interface Choice {
  text: string;
  states: string[]; // empty: all
  host: string;
  sort: Sort;
  group: Group;
}

export type Sort = 'name' | 'state' | 'image' | 'host' | 'created' | 'since';
export type Group = '' | 'project' | 'host';

export const sorts: readonly Sort[] = ['name', 'state', 'image', 'host', 'created', 'since'];
export const groups: readonly Group[] = ['', 'project', 'host'];

export function readChoice(query: URLSearchParams): Choice {
  const sort = query.get('sort') as Sort | null;
  const group = query.get('group') as Group | null;
  return {
    text: query.get('q') ?? '',
    states: (query.get('state') ?? '').split(',').filter((s) => s !== ''),
    host: query.get('host') ?? '',
    sort: sort !== null && sorts.includes(sort) ? sort : 'name',
    group: group !== null && groups.includes(group) ? group : '',
  };
}

const order: Record<Sort, (a: Container, b: Container) => number> = {
  name: (a, b) => compare(a.name, b.name),
  state: (a, b) => compare(stateRank(a), stateRank(b)),
  image: (a, b) => compare(a.image, b.image),
  host: (a, b) => compare(a.host, b.host),
  created: (a, b) => b.created - a.created,
  since: (a, b) => b.since - a.since,
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

// stateRank puts containers with problems first.
function stateRank(c: Container): string {
  if (c.health === 'unhealthy') return '0';
  return ({ restarting: '1', dead: '2', paused: '3', running: '4', created: '6', exited: '7' }[c.state] ?? '5') + c.state;
}

// ordered returns all containers in the chosen order; equal ones by name, host and id.
export function ordered(all: Iterable<Container>, sort: Sort): Container[] {
  const by = order[sort];
  return [...all].sort((a, b) => by(a, b) || compare(a.name, b.name) || compare(a.host, b.host) || compare(a.id, b.id));
}

// picked returns the containers that match the filters. Each word of the text must occur.
export function picked(all: readonly Container[], choice: Choice): Container[] {
  const words = choice.text.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return all.filter(
    (c) =>
      (choice.host === '' || c.host === choice.host) &&
      (choice.states.length === 0 || choice.states.includes(c.state) || (c.health !== '' && choice.states.includes(c.health))) &&
      words.every((word) => c.text.includes(word)),
  );
}

// Line is a row of the table: a container, or the heading of a group.
export type Line = { kind: 'container'; container: Container } | { kind: 'group'; name: string; running: number; all: number };

// grouped puts a heading before the containers of each project or host. Containers without a project come last.
export function grouped(containers: readonly Container[], group: Group): Line[] {
  if (group === '') return containers.map((container) => ({ kind: 'container', container }));
  const groups = new Map<string, Container[]>();
  for (const c of containers) {
    const name = group === 'host' ? c.host : c.project;
    const members = groups.get(name);
    if (members) members.push(c);
    else groups.set(name, [c]);
  }
  const names = [...groups.keys()].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : compare(a, b)));
  return names.flatMap((name): Line[] => {
    const members = groups.get(name) ?? [];
    const running = members.filter((c) => c.state === 'running').length;
    return [{ kind: 'group', name, running, all: members.length }, ...members.map((container): Line => ({ kind: 'container', container }))];
  });
}

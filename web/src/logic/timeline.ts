// Events as the timeline shows them, whether from the log or fresh from the stream.
import type { ContainerEvent, HostEvent, LoggedEvent, StreamGap } from '../api';

export interface Entry {
  readonly key: string;
  readonly id: number; // 0 where it isn't known yet
  readonly at: number; // milliseconds; a gap's end
  readonly from: number; // a gap's beginning, else 0
  readonly host: string;
  readonly type: string;
  readonly action: string;
  readonly actorID: string;
  readonly name: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly inferred: boolean;
  readonly reason: string;
}

export function fromLog(e: LoggedEvent): Entry {
  const at = Date.parse(e.to ?? e.time);
  return {
    key: String(e.id), id: e.id, at, from: e.from ? Date.parse(e.from) : 0, host: e.host, type: e.type, action: e.action, actorID: e.actor_id,
    name: e.actor_name, attrs: e.attrs, inferred: e.inferred, reason: e.reason ?? '',
  };
}

// serial makes keys for events that came while wharf couldn't number them.
let serial = 0;

const keyFor = (id: string): string => (id === '' ? `fresh-${++serial}` : id);

export function fromEvent(id: string, e: ContainerEvent): Entry {
  return {
    key: keyFor(id), id: Number(id), at: e.timestamp * 1000, from: 0, host: e.host, type: e.type, action: e.action, actorID: e.actor_id,
    name: e.actor_name, attrs: e.attrs, inferred: e.attrs['wharf.inferred'] === 'true', reason: '',
  };
}

export function fromGap(id: string, g: StreamGap): Entry {
  return {
    key: keyFor(id), id: Number(id), at: Date.parse(g.to), from: Date.parse(g.from), host: g.host, type: 'gap', action: 'gap', actorID: g.host,
    name: g.host, attrs: {}, inferred: false, reason: g.reason,
  };
}

export function fromHost(id: string, h: HostEvent): Entry {
  return {
    key: keyFor(id), id: Number(id), at: h.timestamp * 1000, from: 0, host: h.host, type: 'host', action: h.action, actorID: h.host, name: h.host,
    attrs: {}, inferred: false, reason: h.reason,
  };
}

const later = (a: Entry, b: Entry): number => b.at - a.at || b.id - a.id;

// onTop is merged for entries that are all later than those at hand, as nearly always: nothing has to be sorted.
export function onTop(old: readonly Entry[], fresh: readonly Entry[], most: number): Entry[] {
  return [...fresh].sort(later).concat(old.slice(0, most - fresh.length));
}

// merged puts new entries among those at hand, the latest first, and keeps at most `most` of them.
export function merged(old: readonly Entry[], fresh: readonly Entry[], most: number): Entry[] {
  const known = new Set(old.map((e) => e.key));
  const all = [...fresh.filter((e) => !known.has(e.key)), ...old];
  return all.sort(later).slice(0, most);
}

// Narrowing is what of all events is asked for.
export interface Narrowing {
  host: string;
  type: string;
  container: string; // a name, an id, or its beginning
}

// fits tells whether an entry of the stream belongs into a narrowed list, as the log would decide it. Gaps pass
// every filter but the host's.
export function fits(e: Entry, n: Narrowing): boolean {
  if (n.host !== '' && e.host !== n.host && e.host !== '') return false;
  if (e.type === 'gap') return true;
  if (n.type !== '' && e.type !== n.type) return false;
  if (n.container === '') return true;
  return e.type === 'container' && (e.name === n.container || (n.container.length >= 12 && e.actorID.startsWith(n.container)));
}

// Line is a row of the timeline: an entry, with how long an outage lasted, or the head of a day.
export type Line = { kind: 'day'; at: number } | { kind: 'entry'; entry: Entry; outage: number };

// plainLines are the rows of entries that are no outage: made once, since the list is made anew with each event.
const plainLines = new WeakMap<Entry, Line>();

function plainLine(entry: Entry): Line {
  let line = plainLines.get(entry);
  if (line === undefined) {
    line = { kind: 'entry', entry, outage: 0 };
    plainLines.set(entry, line);
  }
  return line;
}

// lines puts heads of days between entries, the latest first. An outage ends at the next time the host was reached;
// one that lasts has Infinity.
export function lines(entries: readonly Entry[]): Line[] {
  const all: Line[] = [];
  const reached = new Map<string, number>();
  let midnight = Infinity; // at which the day of the entry before began
  for (const entry of entries) {
    if (entry.at < midnight) {
      midnight = new Date(entry.at).setHours(0, 0, 0, 0);
      all.push({ kind: 'day', at: entry.at });
    }
    let outage = 0;
    if (entry.type === 'host' && entry.action === 'connected') reached.set(entry.host, entry.at);
    if (entry.type === 'host' && entry.action === 'disconnected') {
      outage = (reached.get(entry.host) ?? Infinity) - entry.at;
      reached.delete(entry.host);
    }
    all.push(outage === 0 ? plainLine(entry) : { kind: 'entry', entry, outage });
  }
  return all;
}

export const isEnd = (e: Entry): boolean => e.type === 'container' && (e.action === 'die' || e.action === 'died');

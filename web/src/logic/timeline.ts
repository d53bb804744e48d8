// The entries of the timeline, from events of the log and of the stream.
import type { ContainerEvent, HostEvent, LoggedEvent, StreamGap } from '../api';

export interface Entry {
  readonly key: string;
  readonly id: number; // 0 if it isn't known yet
  readonly at: number; // milliseconds; the end of a gap
  readonly from: number; // the beginning of a gap, otherwise 0
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

// serial makes keys for events that came while wharf couldn't assign ids.
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

// onTop is merged for entries that are all later than the old ones, which is nearly always so: it needn't sort the old ones.
export function onTop(old: readonly Entry[], fresh: readonly Entry[], most: number): Entry[] {
  return [...fresh].sort(later).concat(old.slice(0, most - fresh.length));
}

// merged adds new entries to the old ones, the latest first, and keeps at most `most` entries.
export function merged(old: readonly Entry[], fresh: readonly Entry[], most: number): Entry[] {
  const known = new Set(old.map((e) => e.key));
  const all = [...fresh.filter((e) => !known.has(e.key)), ...old];
  return all.sort(later).slice(0, most);
}

// Narrowing is the filter of a list of events.
export interface Narrowing {
  host: string;
  type: string;
  container: string; // a name, an id, or the beginning of an id
}

// fits reports whether an entry of the stream belongs to a filtered list, by the log's own rules. Gaps match every filter except the
// host's.
export function fits(e: Entry, n: Narrowing): boolean {
  if (n.host !== '' && e.host !== n.host && e.host !== '') return false;
  if (e.type === 'gap') return true;
  if (n.type !== '' && e.type !== n.type) return false;
  if (n.container === '') return true;
  return e.type === 'container' && (e.name === n.container || (n.container.length >= 12 && e.actorID.startsWith(n.container)));
}

// Line is a row of the timeline: an entry, with the length of an outage, or the heading of a day.
export type Line = { kind: 'day'; at: number } | { kind: 'entry'; entry: Entry; outage: number };

// plainLines caches the rows of entries that aren't outages, since the list is rebuilt with each event.
const plainLines = new WeakMap<Entry, Line>();

function plainLine(entry: Entry): Line {
  let line = plainLines.get(entry);
  if (line === undefined) {
    line = { kind: 'entry', entry, outage: 0 };
    plainLines.set(entry, line);
  }
  return line;
}

// lines puts headings of days between entries, the latest first. An outage ends when the host is reached again; one that hasn't ended
// has the length Infinity.
export function lines(entries: readonly Entry[]): Line[] {
  const all: Line[] = [];
  const reached = new Map<string, number>();
  let midnight = Infinity; // when the day of the previous entry began
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

// Problems of hosts and containers that need attention.
import { address } from '../state/route';
import type { HostStatus, LoggedEvent } from '../api';
import type { Container } from './container';

export interface Concern {
  kind: 'down' | 'degraded' | 'unhealthy' | 'looping' | 'restarting' | 'ended' | 'certificate' | 'clock' | 'gap';
  grave: boolean;
  name: string;
  host: string;
  to: string; // address of the page with details
  at: number; // the beginning in milliseconds; 0 if unknown
  detail: string; // the kind of the error, or an exit code
  times: number;
  length: number; // milliseconds
}

const day = 86_400_000;
// Limits of the warnings: a certificate that expires within two weeks, a clock that is 2 s off, 3 ends of a container in 10 min.
const certificateWarning = 14 * day;
const clockWarning = 2000;
const loopSpan = 600_000;
const loopEnds = 3;

const bare: Omit<Concern, 'kind' | 'name' | 'host' | 'to'> = { grave: true, at: 0, detail: '', times: 1, length: 0 };

// concerns lists what needs attention: grave problems first, then the latest.
export function concerns(hosts: readonly HostStatus[], containers: readonly Container[], recent: readonly LoggedEvent[], now: number): Concern[] {
  const all = [...hosts.flatMap((h) => concernsOfHost(h, now)), ...ofContainers(containers), ...ofEvents(recent, containers, now)];
  return all.sort((a, b) => Number(b.grave) - Number(a.grave) || b.at - a.at);
}

// concernsOfHost lists the problems of a host.
export function concernsOfHost(h: HostStatus, now: number): Concern[] {
  const base = { ...bare, name: h.host, host: h.host, to: address.host(h.host), at: h.since ? Date.parse(h.since) : 0, detail: h.last_error ?? '' };
  const found: Concern[] = [];
  if (h.status === 'down') found.push({ ...base, kind: 'down' });
  if (h.status === 'degraded') found.push({ ...base, kind: 'degraded', grave: false });
  const left = h.cert_expiry ? Date.parse(h.cert_expiry) - now : Infinity;
  if (left < certificateWarning) found.push({ ...base, kind: 'certificate', grave: left <= 0, at: 0, length: left });
  if (h.status === 'up' && Math.abs(h.clock_skew_ms) >= clockWarning) {
    found.push({ ...base, kind: 'clock', grave: false, at: 0, length: Math.abs(h.clock_skew_ms) });
  }
  return found;
}

function ofContainers(containers: readonly Container[]): Concern[] {
  return containers.flatMap((c): Concern[] => {
    const base = { ...bare, name: c.name, host: c.host, to: address.container(c.host, c.id), at: c.since };
    if (c.state === 'restarting') return [{ ...base, kind: 'restarting' }];
    if (c.state === 'running' && c.health === 'unhealthy') return [{ ...base, kind: 'unhealthy' }];
    return [];
  });
}

// ofEvents lists the gaps, and the ends that no action caused, one entry per container. An end with exit code 0 is a finished job.
function ofEvents(recent: readonly LoggedEvent[], containers: readonly Container[], now: number): Concern[] {
  const there = new Map(containers.map((c) => [`${c.host}/${c.id}`, c]));
  const ends = new Map<string, LoggedEvent[]>();
  const found: Concern[] = [];
  for (const e of recent) {
    if (e.type === 'gap') {
      const from = Date.parse(e.from ?? e.time);
      const to = Date.parse(e.to ?? e.time);
      found.push({ ...bare, kind: 'gap', grave: false, name: e.host || '*', host: e.host || '*', to: `/ui/events?host=${encodeURIComponent(e.host)}`, at: to, length: to - from });
    } else if (e.action === 'die' || e.action === 'died') {
      const key = `${e.host}/${e.actor_id}`;
      ends.set(key, [...(ends.get(key) ?? []), e]);
    }
  }
  for (const [key, events] of ends) {
    const last = events[0];
    if (!last) continue;
    const code = last.attrs['exitCode'] ?? last.attrs['containerExitCode'] ?? '';
    const loop = events.filter((e) => now - Date.parse(e.time) < loopSpan).length;
    const base = { ...bare, name: there.get(key)?.name ?? last.actor_name, host: last.host, to: address.container(last.host, last.actor_id), at: Date.parse(last.time) };
    if (loop >= loopEnds) found.push({ ...base, kind: 'looping', times: loop });
    else if (code !== '0') found.push({ ...base, kind: 'ended', grave: there.get(key)?.state === 'exited', detail: code, times: events.length });
  }
  return found;
}

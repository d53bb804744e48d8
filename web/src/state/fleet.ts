// All hosts and containers that the user may see: loaded once, then updated by events. Only this module changes them; the others read
// the signals.
import { batch, computed, signal } from '@preact/signals';
import { get } from '../api/client';
import { forgetUpdates } from './updates';
import { applied, fromRow, keyOf, type Container } from '../logic/container';
import type { ContainerEvent, ContainerPage, HostEvent, HostStatus } from '../api';

export const hosts = signal<readonly HostStatus[]>([]);
// loaded is true once the lists have been complete.
export const loaded = signal(false);

// The containers are in one map that is changed in place; `revision` signals a change.
const rows = new Map<string, Container>();
const revision = signal(0);

export const containers = computed<readonly Container[]>(() => {
  void revision.value;
  return [...rows.values()];
});

// Unseen is a host whose containers couldn't be listed: why, and since when the shown ones are out of date.
export interface Unseen {
  since: number;
  error: string;
  never: boolean; // its containers have never been listed here
}

export const unseen = signal<ReadonlyMap<string, Unseen>>(new Map());

// listed is the time of the last complete list, by host.
const listed = new Map<string, number>();

export function containerOf(host: string, id: string): Container | undefined {
  void revision.value;
  return rows.get(keyOf(host, id));
}

// down maps each host that doesn't answer to the time since when it doesn't.
export const down = computed<ReadonlyMap<string, number>>(() => {
  const found = new Map<string, number>();
  for (const host of hosts.value) {
    if (host.status === 'down') found.set(host.host, host.since ? Date.parse(host.since) : 0);
  }
  for (const [host, { since }] of unseen.value) if (!found.has(host)) found.set(host, since);
  return found;
});

export async function loadHosts(): Promise<void> {
  hosts.value = await get<HostStatus[]>('/v1/hosts');
}

// loadAll reloads every list. The first page is small, so that something is shown soon.
export async function loadAll(): Promise<void> {
  const [, first] = await Promise.all([loadHosts(), page('/v1/containers', '', loaded.value ? 5000 : 500)]);
  if (!loaded.value) applyList(first, Date.now()); // show it while the rest is loaded
  await loadRest('/v1/containers', first, true);
  loaded.value = true;
}

// loadHost reloads one host's containers: after a gap, or when the host is back.
export async function loadHost(host: string): Promise<void> {
  const path = `/v1/hosts/${encodeURIComponent(host)}/containers`;
  try {
    await loadRest(path, await page(path, '', 5000));
  } catch (error) {
    if (!listed.has(host)) return;
    const since = listed.get(host) ?? 0;
    unseen.value = new Map(unseen.value).set(host, { since, error: error instanceof Error ? error.message : '', never: false });
  }
}

const page = (path: string, cursor: string, limit: number): Promise<ContainerPage> => get(path, { cursor, limit });

// loadRest loads the rest of a list after its first page. With `everywhere` the list covers all hosts that the user may see:
// containers that aren't in it are removed, because they are gone or no longer visible to the user.
async function loadRest(path: string, first: ContainerPage, everywhere = false): Promise<void> {
  const pages = [first];
  for (let cursor = first.cursor; cursor !== ''; cursor = pages.at(-1)?.cursor ?? '') pages.push(await page(path, cursor, 5000));
  const at = Date.now();
  batch(() => {
    const whole = { ...first, containers: pages.flatMap((p) => p.containers) };
    const seen = new Set(whole.containers.map((c) => keyOf(c.host, c.id)));
    const answered = new Map(whole.hosts.map((h) => [h.host, h.ok]));
    for (const [key, c] of rows) if ((answered.get(c.host) ?? everywhere) && !seen.has(key)) rows.delete(key);
    applyList(whole, at);
  });
}

function applyList(list: ContainerPage, at: number): void {
  const next = new Map(unseen.value);
  for (const host of list.hosts) {
    if (host.ok) {
      next.delete(host.host);
      listed.set(host.host, at);
    } else {
      const since = listed.get(host.host);
      next.set(host.host, { since: since ?? at, error: host.error ?? '', never: since === undefined });
    }
  }
  for (const row of list.containers) rows.set(keyOf(row.host, row.id), fromRow(row, at));
  unseen.value = next;
  revision.value++;
}

// applyEvents updates the lists. Several events become one change.
export function applyEvents(events: readonly ContainerEvent[]): void {
  let changed = false;
  for (const event of events) {
    if (event.type !== 'container') continue;
    const key = keyOf(event.host, event.actor_id);
    const before = rows.get(key);
    const next = applied(before, event);
    if (next === before) continue;
    if (next) rows.set(key, next);
    else rows.delete(key);
    changed = true;
  }
  if (changed) revision.value++;
}

// applyHostEvent marks a host as up or down, and reloads what may have changed meanwhile.
export async function applyHostEvent(event: HostEvent): Promise<void> {
  const back = event.action === 'connected';
  hosts.value = hosts.value.map((h) =>
    h.host === event.host
      ? { ...h, status: back ? 'up' : 'down', since: new Date(event.timestamp * 1000).toISOString() }
      : h,
  );
  if (!back) {
    listed.set(event.host, event.timestamp * 1000);
    await loadHosts();
    return;
  }
  await Promise.all([loadHosts(), loadHost(event.host)]);
}

// forgetFleet clears everything: another user must not see the data of the last one.
export function forgetFleet(): void {
  batch(() => {
    rows.clear();
    listed.clear();
    hosts.value = [];
    unseen.value = new Map();
    loaded.value = false;
    revision.value++;
    forgetUpdates();
  });
}

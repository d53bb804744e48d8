import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, fromEvent, fromGap, fromHost, lines, merged, onTop, type Entry } from './timeline';

const noon = new Date(2026, 0, 28, 12).getTime() / 1000;

function entry(id: number, after: number, action = 'start', host = 'h1'): Entry {
  return fromEvent(String(id), { host, type: 'container', action, actor_id: 'a'.repeat(64), actor_name: 'web', timestamp: noon + after, attrs: {} });
}

const ids = (entries: readonly Entry[]): number[] => entries.map((e) => e.id);

test('entries are merged by time, each once, the latest first', () => {
  const old = merged([], [entry(3, 3), entry(1, 1)], 10);
  assert.deepEqual(ids(merged(old, [entry(2, 2), entry(3, 3), entry(4, 3)], 10)), [4, 3, 2, 1]);
  assert.deepEqual(ids(merged(old, [entry(4, 4)], 2)), [4, 3]);
  assert.deepEqual(ids(onTop(old, [entry(4, 4), entry(5, 5)], 3)), [5, 4, 3]);
});

test('days have heads, and outages last until the host was reached', () => {
  const day = 86_400;
  const host = (id: number, after: number, action: 'connected' | 'disconnected'): Entry =>
    fromHost(String(id), { host: 'h1', action, timestamp: noon + after, reason: '' });
  const shown = lines(merged([], [host(1, 0, 'disconnected'), host(2, 90, 'connected'), entry(3, day), host(4, day + 5, 'disconnected')], 10));
  assert.deepEqual(shown.map((l) => (l.kind === 'day' ? 'day' : l.outage)), ['day', Infinity, 0, 'day', 0, 90_000]);
});

test('gaps pass every filter but the host\'s', () => {
  const gap = fromGap('7', { host: 'h1', from: '2026-01-28T10:00:00Z', to: '2026-01-28T11:00:00Z', reason: 'continuity not proved' });
  assert.ok(fits(gap, { host: 'h1', type: 'image', container: 'other' }));
  assert.ok(!fits(gap, { host: 'h2', type: '', container: '' }));
  assert.ok(fits(entry(1, 0), { host: '', type: 'container', container: 'web' }));
  assert.ok(fits(entry(1, 0), { host: '', type: '', container: 'a'.repeat(12) }));
  assert.ok(!fits(entry(1, 0), { host: '', type: '', container: 'we' }));
});

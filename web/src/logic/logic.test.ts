import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerEvent, HostedContainer, Me } from '../api';
import { applied, fromRow, type Container } from './container';
import { grouped, ordered, picked, readChoice } from './filter';
import { bytes, percent, traffic } from './format';
import { matches, mayOperate, roleOn, selects } from './rights';
import { parseStatus, seconds } from './status';
import { windowOf } from './window';

const at = Date.parse('2026-01-28T22:00:00Z');

function row(change: Partial<HostedContainer> = {}): HostedContainer {
  return {
    host: 'h1', id: '5'.repeat(64), name: 'web', image: 'nginx', state: 'running', status: 'Up 2 hours', created: '2026-01-28T20:00:00Z',
    labels: {}, ...change,
  };
}

function event(action: string, attrs: Record<string, string> = {}): ContainerEvent {
  return { host: 'h1', type: 'container', action, actor_id: '5'.repeat(64), actor_name: 'web', timestamp: at / 1000 + 60, attrs };
}

const after = (...events: ContainerEvent[]): Container | undefined =>
  events.reduce<Container | undefined>((c, e) => applied(c, e), fromRow(row(), at));

test('numbers are those of docker stats', () => {
  assert.deepEqual([0, 1023, 1024, 134_742_016, 4_294_967_296, 1_048_575].map(bytes), ['0B', '1023B', '1KiB', '128.5MiB', '4GiB', '1024KiB']);
  assert.deepEqual([0, 999, 1000, 512_000, 1_250_000, 9_640].map(traffic), ['0B', '999B', '1kB', '512kB', '1.25MB', '9.64kB']);
  assert.equal(percent(2.345), '2.35%');
});

test('status texts are read back', () => {
  assert.deepEqual(parseStatus('Up 2 hours (healthy)', at), { since: at - 7_200_000, health: 'healthy', exitCode: undefined });
  assert.deepEqual(parseStatus('Up About a minute (health: starting)', at), { since: at - 60_000, health: 'starting', exitCode: undefined });
  assert.deepEqual(parseStatus('Exited (137) 3 days ago', at), { since: at - 259_200_000, health: '', exitCode: 137 });
  assert.deepEqual(parseStatus('Up 5 seconds (Paused)', at), { since: at - 5000, health: '', exitCode: undefined });
  assert.deepEqual(parseStatus('Created', at), { since: 0, health: '', exitCode: undefined });
  assert.ok(Number.isNaN(seconds('a while')));
});

test('events keep a container true', () => {
  assert.equal(after(event('die', { exitCode: '137' }))?.exitCode, 137);
  assert.equal(after(event('die', { exitCode: '137' }), event('stop'))?.exitCode, 137);
  assert.equal(after(event('die', { exitCode: '1' }), event('start'))?.state, 'running');
  assert.equal(after(event('die', { exitCode: '1' }), event('start'))?.exitCode, undefined);
  assert.equal(after(event('pause'))?.since, at - 7_200_000);
  assert.equal(after(event('health_status: unhealthy'))?.health, 'unhealthy');
  assert.equal(after(event('rename', { name: 'www', oldName: '/web' }))?.name, 'www');
  assert.equal(after(event('destroy')), undefined);
  const same = fromRow(row(), at);
  assert.equal(applied(same, event('exec_start: sh')), same);
});

test('an event makes a container that no list has shown', () => {
  const made = applied(undefined, event('start', { name: 'new', image: 'redis', 'com.docker.compose.project': 'shop', exitCode: '0' }));
  assert.equal(made?.name, 'new');
  assert.equal(made?.project, 'shop');
  assert.deepEqual(Object.keys(made?.labels ?? {}), ['com.docker.compose.project']);
  assert.equal(applied(undefined, event('exec_die')), undefined);
});

const many = ['web', 'api', 'db'].map((name, i) =>
  fromRow(row({ name, id: String(i).repeat(64), labels: name === 'db' ? {} : { 'com.docker.compose.project': 'shop' } }), at),
);

test('filters read the address, and each word must occur', () => {
  assert.deepEqual(picked(many, readChoice(new URLSearchParams('q=SHOP+we'))).map((c) => c.name), ['web']);
  assert.deepEqual(picked(many, readChoice(new URLSearchParams('state=exited'))), []);
  assert.equal(readChoice(new URLSearchParams('sort=nonsense')).sort, 'name');
  assert.deepEqual(ordered(many, 'name').map((c) => c.name), ['api', 'db', 'web']);
});

test('groups have heads, and what has no project comes last', () => {
  const lines = grouped(ordered(many, 'name'), 'project').map((l) => (l.kind === 'group' ? `[${l.name} ${l.running}/${l.all}]` : l.container.name));
  assert.deepEqual(lines, ['[shop 2/2]', 'api', 'web', '[ 1/1]', 'db']);
});

test('rights follow roles and grants', () => {
  const me: Me = {
    username: 'hong', role: 'none', session_id: '', anonymous: false,
    grants: [{ id: '1', hosts: 'prod-*', labels: 'team=web', role: 'operator', exec: false }],
  };
  assert.equal(roleOn(me, 'prod-1', { team: 'web' }), 'operator');
  assert.equal(roleOn(me, 'prod-1', { team: 'db' }), 'none');
  assert.equal(mayOperate(me, { host: 'test-1', labels: { team: 'web' } }), false);
  assert.ok(!matches('a.c', 'abc') && matches('a?c', 'abc') && matches('*', 'abc'));
  assert.ok(selects('a,b=1', { a: '', b: '1' }) && !selects('toString', {}));
});

test('the window covers the view and nothing far from it', () => {
  assert.deepEqual(windowOf(10_000, 36, 36_000, 720, 8), { first: 992, last: 1028, above: 35_712, below: 322_992 });
  assert.deepEqual(windowOf(3, 36, 9999, 720), { first: 3, last: 3, above: 108, below: 0 });
  assert.deepEqual(windowOf(0, 36, 0, 720), { first: 0, last: 0, above: 0, below: 0 });
});

// The operations on containers that the page offers.
import { signal } from '@preact/signals';
import { call, ApiError } from '../api/client';
import type { Container } from '../logic/container';
import { containerOf } from '../state/fleet';
import { address, go, path as route } from '../state/route';
import { available } from '../state/updates';
import type { OperationResult } from '../api';
import { reasonOf } from '../ui/parts';
import type { IconName } from '../ui/icon';

export type Action = 'start' | 'stop' | 'restart' | 'pause' | 'unpause' | 'kill' | 'recreate';

// fits reports whether an action is offered for a container. ends: the action ends something, so it needs a confirmation.
export const operations: Record<Action, { ends: boolean; icon: IconName; fits: (c: Container) => boolean; body?: object }> = {
  start: { ends: false, icon: 'start', fits: (c) => c.state === 'exited' || c.state === 'created' },
  restart: { ends: true, icon: 'restart', fits: (c) => c.state === 'running' || c.state === 'restarting' || c.state === 'exited' },
  stop: { ends: true, icon: 'stop', fits: (c) => c.state === 'running' || c.state === 'restarting' || c.state === 'paused' },
  pause: { ends: false, icon: 'pause', fits: (c) => c.state === 'running' },
  unpause: { ends: false, icon: 'unpause', fits: (c) => c.state === 'paused' },
  kill: { ends: true, icon: 'kill', fits: (c) => c.state === 'running' || c.state === 'restarting' },
  recreate: { ends: true, icon: 'download', fits: (c) => available.value?.has(c.key) === true && c.state !== 'paused', body: { pull: true } },
};

export const allActions = Object.keys(operations) as Action[];

// Outcome is the result of an action on one container, so far.
export interface Outcome {
  container: Container;
  state: 'waiting' | 'working' | 'done' | 'failed';
  text: string; // the states before and after, or the reason of the failure
  changed: boolean;
}

// Request is an action that the user has chosen: not yet confirmed, in progress, or done.
export interface Request {
  action: Action;
  targets: readonly Container[];
  confirmed: boolean;
}

export const request = signal<Request | undefined>(undefined);
export const outcomes = signal<readonly Outcome[]>([]);

// atOnce is the maximum number of containers that are acted on at the same time.
const atOnce = 4;

// ask begins an action. One that ends something waits for a confirmation.
export function ask(action: Action, targets: readonly Container[]): void {
  if (targets.length === 0) return;
  request.value = { action, targets, confirmed: false };
  outcomes.value = [];
  if (!operations[action].ends) void confirm();
}

export async function confirm(): Promise<void> {
  const asked = request.value;
  if (!asked || asked.confirmed) return;
  request.value = { ...asked, confirmed: true };
  outcomes.value = asked.targets.map((container) => ({ container, state: 'waiting', text: '', changed: false }));
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < asked.targets.length; i = next++) await run(asked.action, i);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, asked.targets.length) }, worker));
  // The list itself shows a success.
  if (asked.targets.length === 1 && outcomes.value[0]?.state === 'done') close();
}

export function close(): void {
  request.value = undefined;
}

function update(i: number, change: Partial<Outcome>): void {
  outcomes.value = outcomes.value.map((o, at) => (at === i ? { ...o, ...change } : o));
}

async function run(action: Action, i: number): Promise<void> {
  const target = outcomes.value[i]?.container;
  if (!target) return;
  update(i, { state: 'working' });
  const path = `/v1/hosts/${encodeURIComponent(target.host)}/containers/${target.id}/${action}`;
  // When a request is repeated after a broken connection, the same key makes the server run the operation once.
  const { body } = operations[action];
  const options = { headers: { 'Idempotency-Key': key() }, ...(body ? { body } : {}) };
  try {
    const result = await call<OperationResult>('POST', path, options).catch((error: unknown) => {
      if (error instanceof ApiError) throw error;
      return call<OperationResult>('POST', path, options);
    });
    if (result.new_id !== undefined && route.value === address.container(target.host, target.id)) go(address.container(target.host, result.new_id));
    update(i, { state: 'done', changed: result.changed, text: `${result.before} → ${result.after}` });
  } catch (error) {
    update(i, { state: 'failed', text: reasonOf(error) });
  }
}

// key returns a random key; crypto.randomUUID exists only with TLS and on loopback.
function key(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// current returns the newest state of a container that was chosen earlier.
export const current = (c: Container): Container => containerOf(c.host, c.id) ?? c;

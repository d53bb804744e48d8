// A container as in the lists, built from wharf's list and updated by its events.
import type { ContainerEvent, HostedContainer } from '../api';
import { parseStatus, type Health } from './status';

export interface Container {
  readonly key: string; // host and id
  readonly host: string;
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly health: Health;
  readonly since: number; // milliseconds; 0 if unknown
  readonly exitCode: number | undefined;
  readonly created: number; // milliseconds
  readonly labels: Readonly<Record<string, string>>;
  readonly project: string; // of compose, or empty
  readonly service: string;
  readonly text: string; // the text that a search looks in, in lower case
}

export const keyOf = (host: string, id: string): string => `${host}/${id}`;

export function fromRow(row: HostedContainer, at: number): Container {
  const labels = row.labels ?? {};
  return complete({
    host: row.host, id: row.id, name: row.name, image: row.image, state: row.state, created: Date.parse(row.created), labels,
    ...parseStatus(row.status, at),
  });
}

type Bare = Omit<Container, 'key' | 'project' | 'service' | 'text'>;

function complete(bare: Bare): Container {
  const { host, id, name, image, state, labels } = bare;
  const project = labels['com.docker.compose.project'] ?? labels['io.podman.compose.project'] ?? '';
  const service = labels['com.docker.compose.service'] ?? '';
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  const text = [name, image, host, state, project, id, ...pairs].join('\n').toLowerCase();
  return { ...bare, key: keyOf(host, id), project, service, text };
}

// states maps actions of events to the states after them.
const states: Record<string, string> = {
  create: 'created', start: 'running', restart: 'running', unpause: 'running', pause: 'paused', die: 'exited', died: 'exited', stop: 'exited',
};

// notLabels are the attributes of an event that aren't labels of the container.
const notLabels = new Set(['image', 'name', 'exitCode', 'execDuration', 'signal', 'oldName', 'containerExitCode', 'podId', 'execID', 'containerID']);

// applied returns the container after an event: undefined if it was removed, `before` itself if nothing changed.
export function applied(before: Container | undefined, event: ContainerEvent): Container | undefined {
  const at = event.timestamp * 1000;
  const action = event.action.split(':', 1)[0] ?? '';
  if (action === 'destroy' || action === 'remove') return undefined;
  const row = before ?? fromEvent(event, at);
  if (action === 'rename') return complete({ ...row, name: event.attrs['name'] ?? row.name });
  if (action === 'health_status') return complete({ ...row, health: healthOf(event) });
  const state = states[action];
  if (state === undefined) return before;
  if (action === 'stop' && row.state === 'exited') return row; // `die` came before it, with more details
  const code = event.attrs['exitCode'] ?? event.attrs['containerExitCode'];
  return complete({
    ...row, state, since: action === 'unpause' || action === 'pause' ? row.since : at,
    health: state === 'running' ? row.health : '',
    exitCode: state === 'exited' && code !== undefined ? Number(code) : state === 'exited' ? row.exitCode : undefined,
  });
}

function healthOf(event: ContainerEvent): Health {
  const health = event.action.split(':')[1]?.trim() ?? event.attrs['health_status'] ?? '';
  return health === 'healthy' || health === 'unhealthy' || health === 'starting' ? health : '';
}

// fromEvent builds a container that isn't in any list yet: engines put its name, image and labels into the attributes.
function fromEvent(event: ContainerEvent, at: number): Container {
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(event.attrs)) {
    if (!notLabels.has(name) && !name.startsWith('wharf.')) labels[name] = value;
  }
  return complete({
    host: event.host, id: event.actor_id, name: event.attrs['name'] ?? event.actor_name, image: event.attrs['image'] ?? '',
    state: 'created', health: '', since: 0, exitCode: undefined, created: at, labels,
  });
}

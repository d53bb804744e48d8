// A state, shown by shape, word and colour: never by colour only.
import { t } from '../state/preferences';
import type { Health } from '../logic/status';

type Shape = 'full' | 'ring' | 'bars' | 'arc' | 'cross' | 'dots' | 'triangle';

const looks: Record<string, [Shape, string]> = {
  running: ['full', 'good'], healthy: ['full', 'good'], up: ['full', 'good'],
  exited: ['ring', 'faint'], created: ['dots', 'faint'], unknown: ['dots', 'faint'], removing: ['dots', 'faint'],
  paused: ['bars', 'rest'], restarting: ['arc', 'warn'], starting: ['arc', 'warn'],
  dead: ['cross', 'bad'], down: ['cross', 'bad'], unhealthy: ['triangle', 'bad'], degraded: ['triangle', 'warn'],
};

const shapes: Record<Shape, string> = {
  full: 'M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z',
  ring: 'M6 2.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6z',
  bars: 'M4 2.5v7M8 2.5v7',
  arc: 'M9.8 6A3.8 3.8 0 1 1 6 2.2',
  cross: 'm2.8 2.8 6.4 6.4M9.2 2.8 2.8 9.2',
  dots: 'M2 6h.01M6 6h.01M10 6h.01',
  triangle: 'M6 1.2 11.2 10.5H.8z',
};

const solid: readonly Shape[] = ['full', 'triangle'];

// Mark shows a state of a host or container by its shape and name.
export function Mark({ state, short = false }: { state: string; short?: boolean }) {
  const [shape, tone] = looks[state] ?? looks['unknown'] ?? ['dots', 'faint'];
  const filled = solid.includes(shape);
  const word = t().state(state);
  return (
    <span class="mark" title={word}>
      <svg viewBox="0 0 12 12" class={tone} aria-hidden="true">
        <path d={shapes[shape]} fill={filled ? 'currentColor' : 'none'} stroke={filled ? 'none' : 'currentColor'} stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
      </svg>
      <span class={short ? 'sr' : ''}>{word}</span>
    </span>
  );
}

// stateOf returns a container's state, or its health if it runs and isn't healthy.
export const stateOf = (c: { state: string; health: Health }): string =>
  c.state === 'running' && (c.health === 'unhealthy' || c.health === 'starting') ? c.health : c.state;

// A container's usage of the last fifteen minutes, in columns for the charts.
import type { Usage, UsagePoint } from '../api';

export interface Series {
  times: number[]; // seconds
  cpu: (number | null)[];
  memory: (number | null)[];
  received: (number | null)[];
  sent: (number | null)[];
  read: (number | null)[];
  written: (number | null)[];
}

type Point = Omit<UsagePoint, 'pids'>;

// shownTime is the length of time that is shown. Where samples are more than `gap` apart, the line is interrupted. In seconds.
export const shownTime = 15 * 60;
const gap = 15;

export const nothing: Series = { times: [], cpu: [], memory: [], received: [], sent: [], read: [], written: [] };

export function seriesOf(points: readonly UsagePoint[]): Series {
  return points.reduce<Series>((series, point) => push(series, point), copy(nothing));
}

// withSample returns the series with a sample added, and without samples that are too old.
export function withSample(series: Series, usage: Usage): Series {
  if (usage.sampled_at === null || !usage.running) return series;
  const at = Date.parse(usage.sampled_at) / 1000;
  if (at <= (series.times.at(-1) ?? 0)) return series;
  const next = push(copy(series), { ...usage, at: usage.sampled_at });
  const first = next.times.findIndex((time) => time >= at - shownTime);
  return first > 0 ? map(next, (column) => column.slice(first)) : next;
}

function push(series: Series, point: Point): Series {
  const at = Date.parse(point.at) / 1000;
  const last = series.times.at(-1);
  if (last !== undefined && at - last > gap) add(series, last + 1, null);
  add(series, at, point);
  return series;
}

function add(series: Series, at: number, point: Point | null): void {
  series.times.push(at);
  series.cpu.push(point?.cpu_percent ?? null);
  series.memory.push(point?.memory_usage ?? null);
  series.received.push(point?.network_rx_rate ?? null);
  series.sent.push(point?.network_tx_rate ?? null);
  series.read.push(point?.block_read_rate ?? null);
  series.written.push(point?.block_write_rate ?? null);
}

const copy = (series: Series): Series => map(series, (column) => column.slice());

function map(s: Series, f: <T>(column: T[]) => T[]): Series {
  return { times: f(s.times), cpu: f(s.cpu), memory: f(s.memory), received: f(s.received), sent: f(s.sent), read: f(s.read), written: f(s.written) };
}

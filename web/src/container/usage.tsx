// The container's usage: the last fifteen minutes, and each new sample as it arrives.
import { effect, signal, untracked } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { get, stream } from '../api/client';
import type { Usage } from '../api';
import { Chart } from '../chart/chart';
import { nothing, seriesOf, withSample, type Series } from '../chart/series';
import type { Container } from '../logic/container';
import { bytes, percent, traffic } from '../logic/format';
import { visible } from '../state/clock';
import { down } from '../state/fleet';
import { link } from '../state/live';
import { t } from '../state/preferences';
import { Empty } from '../ui/parts';

// Follower keeps the series of one container up to date, while the page is visible and wharf is reachable.
class Follower {
  readonly series = signal<Series>(nothing);
  readonly usage = signal<Usage | undefined>(undefined);
  readonly stop: () => void;

  constructor(private readonly path: string) {
    this.stop = effect(() => {
      if (!visible.value || link.value.state !== 'live') return undefined;
      const abort = new AbortController();
      untracked(() => void this.follow(abort.signal));
      return () => abort.abort();
    });
  }

  // follow reads the series so far, then each sample. It reopens a stream that ended, since the container may start again.
  private async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const past = await get<Usage>(this.path, { since: '15m' }, signal);
        this.series.value = seriesOf(past.history ?? []);
        this.usage.value = past;
        for await (const frames of await stream(this.path, {}, signal)) {
          for (const frame of frames) {
            if (frame.event === 'stats') this.add(JSON.parse(frame.data) as Usage);
          }
        }
      } catch {
        // The series stays, and its time shows its age.
      }
      await new Promise((resolve) => setTimeout(resolve, 3000));
    }
  }

  private add(usage: Usage): void {
    this.usage.value = usage;
    this.series.value = withSample(this.series.value, usage);
  }
}

const rate = (n: number): string => `${traffic(n)}/s`;

export function UsageCharts({ container: c }: { container: Container }) {
  const path = `/v1/hosts/${encodeURIComponent(c.host)}/containers/${c.id}/stats`;
  const running = c.state === 'running' || c.state === 'paused';
  const follower = useMemo(() => (running ? new Follower(path) : undefined), [path, running]);
  useEffect(() => () => follower?.stop(), [follower]);
  const texts = t().containers.chart;
  if (!follower) return <Empty title={texts.stopped} />;
  const { series, usage } = follower;
  const limit = usage.value?.memory_limit ?? 0;
  return (
    <div class={`content ${down.value.has(c.host) ? 'stale' : ''}`}>
      <div class="charts">
        <Chart title={texts.cpu} series={series} lines={[{ name: '', color: '--accent', values: 'cpu' }]} format={percent} axis={(n) => `${n}%`} least={1} />
        <Chart title={texts.memory} note={limit > 0 ? texts.limit(bytes(limit)) : ''} series={series} lines={[{ name: '', color: '--accent', values: 'memory' }]} format={bytes} least={1 << 20} binary />
        <Chart
          title={texts.network} series={series} format={rate} least={1000}
          lines={[{ name: texts.received, color: '--accent', values: 'received' }, { name: texts.sent, color: '--warn', values: 'sent' }]}
        />
        <Chart
          title={texts.block} series={series} format={rate} least={1000}
          lines={[{ name: texts.read, color: '--accent', values: 'read' }, { name: texts.written, color: '--warn', values: 'written' }]}
        />
      </div>
      <p class="faint">
        {texts.window} · {texts.processes}: {usage.value?.pids ?? '–'} · {texts.network}: {texts.received} {traffic(usage.value?.network_rx ?? 0)}, {texts.sent} {traffic(usage.value?.network_tx ?? 0)}
      </p>
    </div>
  );
}

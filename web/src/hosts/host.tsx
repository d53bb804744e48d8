// One host: its state, its containers, and its events.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { get } from '../api/client';
import type { HostStatus, TopUsage, Usage } from '../api';
import { EventList } from '../events/timeline';
import { StateCounts, useCounts, Why } from '../fleet/hosts';
import { TopList } from '../fleet/top';
import { bytes, lasting, moment } from '../logic/format';
import type { PageProps } from '../shell/pages';
import { hosts, loaded, loadHosts } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { path, query } from '../state/route';
import { repeat } from '../state/usage';
import { Icon } from '../ui/icon';
import { Mark } from '../ui/mark';
import { Empty } from '../ui/parts';
import { useTitle } from '../ui/title';
import { Warnings } from './warnings';

const cpu = signal<readonly Usage[]>([]);
const memory = signal<readonly Usage[]>([]);

// topCount is the number of containers in each list.
const topCount = 8;

export default function HostPage({ params: [name = ''] }: PageProps) {
  const host = hosts.value.find((h) => h.host === name);
  const events = query.value.get('tab') === 'events';
  useTitle(name);
  useEffect(() => {
    cpu.value = memory.value = [];
    const stop = [
      repeat(loadHosts, 15_000),
      repeat(async (abort) => {
        const ask = (by: string): Promise<TopUsage> => get<TopUsage>('/v1/stats', { host: name, top: topCount, by }, abort);
        const [byCPU, byMemory] = await Promise.all([ask('cpu'), ask('memory')]);
        cpu.value = byCPU.containers.filter((u) => u.running);
        memory.value = byMemory.containers.filter((u) => u.running);
      }),
    ];
    return () => stop.forEach((end) => end());
  }, [name]);
  if (!host) return loaded.value ? <Empty title={t().common.notFound} /> : null;
  const tab = (text: string, to: string, current: boolean) => (
    <a href={to} aria-current={current ? 'page' : undefined}>
      {text}
    </a>
  );
  return (
    <>
      <div class="sticky">
        <header class="top">
          <a class="button quiet only" href="/ui/hosts" aria-label={t().nav.hosts}>
            <Icon name="left" />
          </a>
          <h1 class="cut">{host.host}</h1>
          <span class="soft">
            <Mark state={host.status} /> <Why host={host} /> <Warnings host={host} />
          </span>
          <span class="spring" />
          <a class="button" href={`/ui/containers?host=${encodeURIComponent(host.host)}`}>
            <Icon name="containers" />
            {t().nav.containers}
          </a>
        </header>
        <nav class="tabs" aria-label={host.host}>
          {tab(t().fleet.overview, path.value, !events)}
          {tab(t().nav.events, `${path.value}?tab=events`, events)}
        </nav>
      </div>
      {events ? <EventList wanted={{ host: name, type: '', container: '', since: '', unexpected: false }} /> : <Overview host={host} />}
    </>
  );
}

function Overview({ host }: { host: HostStatus }) {
  const texts = t().fleet;
  const counts = useCounts();
  const since = host.since ? Date.parse(host.since) : 0;
  const facts: [string, ComponentChildren][] = [
    [texts.address, <bdi class="mono wrap">{host.addr}</bdi>],
    [texts.containers, <StateCounts host={host.host} counts={counts.value.get(host.host)} />],
    [texts.engine, host.engine_version ? `${host.engine_version} (API ${host.api_version ?? '?'})` : '–'],
    [texts.machine, host.cpus ? `${texts.cores(host.cpus)} · ${bytes(host.memory ?? 0)} · ${host.os ?? ''}/${host.arch ?? ''}` : '–'],
    [texts.latency, host.latency_ms > 0 ? texts.milliseconds(host.latency_ms.toFixed(1)) : '–'],
    [texts.clockLabel, host.status === 'down' ? '–' : texts.ahead(lasting(Math.abs(host.clock_skew_ms), locale.value), host.clock_skew_ms)],
    [texts.certificateLabel, host.cert_expiry ? moment(Date.parse(host.cert_expiry), locale.value) : '–'],
    [texts.sinceLabel, since > 0 ? moment(since, locale.value) : '–'],
  ];
  return (
    <div class="content">
      <section class="card" aria-label={host.host}>
        <dl class={`facts ${host.status === 'down' ? 'stale' : ''}`}>
          {facts.map(([name, value]) => [<dt key={`${name} name`}>{name}</dt>, <dd key={name}>{value}</dd>])}
        </dl>
      </section>
      {host.status !== 'down' && (
        <div class="two">
          <TopList title={texts.topCpu} usages={cpu} by="cpu" />
          <TopList title={texts.topMemory} usages={memory} by="memory" />
        </div>
      )}
    </div>
  );
}

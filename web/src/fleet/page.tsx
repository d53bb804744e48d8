// The fleet at a glance: each host's state, problems that need attention, and the containers with the highest usage.
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { get } from '../api/client';
import { count } from '../logic/format';
import { containers, hosts, loadHosts, loaded } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { repeat } from '../state/usage';
import type { HostSum, TopUsage, Usage } from '../api';
import { Empty, Top } from '../ui/parts';
import { Attention } from './attention';
import { HostsTable } from './hosts';
import { TopList } from './top';

const topCPU = signal<readonly Usage[]>([]);
const topMemory = signal<readonly Usage[]>([]);
const hostUsage = signal<ReadonlyMap<string, HostSum>>(new Map());

// topCount is the number of containers in each list.
const topCount = 5;

async function readUsage(abort: AbortSignal): Promise<void> {
  const [cpu, memory] = await Promise.all([
    get<TopUsage>('/v1/stats', { top: topCount, by: 'cpu' }, abort),
    get<TopUsage>('/v1/stats', { top: topCount, by: 'memory' }, abort),
  ]);
  topCPU.value = cpu.containers.filter((u) => u.running);
  topMemory.value = memory.containers.filter((u) => u.running);
  hostUsage.value = new Map(memory.hosts.map((h) => [h.host, h]));
}

export default function FleetPage() {
  const texts = t().fleet;
  useEffect(() => repeat(readUsage), []);
  useEffect(() => repeat(loadHosts, 30_000), []); // no event reports latency, clock and certificate
  const none = loaded.value && hosts.value.length === 0;
  return (
    <>
      <Top title={texts.title} note={loaded.value ? texts.summary(count(hosts.value.length, locale.value), count(containers.value.length, locale.value)) : t().common.loading} />
      {none && <Empty title={texts.noHosts} hint={texts.noHostsHint} />}
      {!none && (
        <div class="content">
          <Attention />
          <HostsTable usage={hostUsage} />
          <div class="two">
            <TopList title={texts.topCpu} usages={topCPU} by="cpu" />
            <TopList title={texts.topMemory} usages={topMemory} by="memory" />
          </div>
        </div>
      )}
    </>
  );
}

// The table of hosts on the pages Fleet and Hosts.
import { useComputed, type ReadonlySignal } from '@preact/signals';
import { bytes, count, percent } from '../logic/format';
import { containers, down, unseen } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { address } from '../state/route';
import type { HostStatus, HostSum } from '../api';
import { hosts } from '../state/fleet';
import { Mark } from '../ui/mark';
import { Meter } from '../ui/parts';
import { Ago, For } from '../ui/time';

// Counts is the number of a host's containers in each state.
export type Counts = ReadonlyMap<string, number>;

export function HostsTable({ usage }: { usage: ReadonlySignal<ReadonlyMap<string, HostSum>> }) {
  const texts = t().fleet;
  const counts = useCounts();
  return (
    <section class="card flush" aria-labelledby="hosts-title">
      <header>
        <h2 id="hosts-title">{texts.hosts}</h2>
      </header>
      <div class="scroll-x" tabIndex={-1}>
        <table class="list-table hosts">
          <thead>
            <tr>
              <th scope="col">{texts.host}</th>
              <th scope="col">{texts.status}</th>
              <th scope="col">{texts.containers}</th>
              <th scope="col" class="num">{texts.cpu}</th>
              <th scope="col" class="num">{texts.memory}</th>
            </tr>
          </thead>
          <tbody>
            {hosts.value.map((host) => (
              <Host key={host.host} host={host} counts={counts.value.get(host.host)} usage={usage.value.get(host.host)} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

// useCounts counts the containers of each host by state.
export function useCounts(): ReadonlySignal<ReadonlyMap<string, Counts>> {
  return useComputed(() => {
    const byHost = new Map<string, Map<string, number>>();
    for (const c of containers.value) {
      const states = byHost.get(c.host) ?? new Map<string, number>();
      states.set(c.state, (states.get(c.state) ?? 0) + 1);
      byHost.set(c.host, states);
    }
    return byHost;
  });
}

function Host({ host, counts, usage }: { host: HostStatus; counts: Counts | undefined; usage: HostSum | undefined }) {
  const lost = host.status === 'down';
  const now = lost ? undefined : usage;
  return (
    <tr>
      <td>
        <a href={address.host(host.host)} class="name">
          <b>{host.host}</b>
        </a>
      </td>
      <td>
        <Mark state={host.status} /> <Why host={host} />
      </td>
      <td>
        <StateCounts host={host.host} counts={counts} />
      </td>
      <td class="num">
        {now?.ok && host.cpus ? (
          <>
            {percent(now.cpu_percent)}&ensp;
            <Meter part={now.cpu_percent / 100 / host.cpus} warn />
          </>
        ) : (
          <span class="faint">–</span>
        )}
      </td>
      <td class="num">
        {now?.ok && host.memory ? (
          <>
            {bytes(now.memory_usage)}&ensp;
            <Meter part={now.memory_usage / host.memory} warn />
          </>
        ) : (
          <span class="faint">–</span>
        )}
      </td>
    </tr>
  );
}

// Why shows since when and why a host isn't up.
export function Why({ host }: { host: HostStatus }) {
  const texts = t().fleet;
  if (host.status === 'up' || host.status === 'unknown') return null;
  return (
    <span class="soft">
      {host.since && <For since={Date.parse(host.since)} text={texts.downSince} />}
      {host.last_error && ` · ${texts.reason(host.last_error)}`}
    </span>
  );
}

// StateCounts lists the number of containers in each state. For a host that doesn't answer these are the last known numbers.
export function StateCounts({ host, counts }: { host: string; counts: Counts | undefined }) {
  const texts = t().fleet;
  const lost = down.value.get(host);
  if (unseen.value.get(host)?.never || (lost !== undefined && !counts)) return <span class="faint">{texts.unknownContainers}</span>;
  const states = [...(counts ?? [])].sort(([a], [b]) => Number(b === 'running') - Number(a === 'running') || a.localeCompare(b));
  if (states.length === 0) return <span class="faint">0</span>;
  return (
    <a href={`/ui/containers?host=${encodeURIComponent(host)}`} class={`counts tab ${lost === undefined ? '' : 'stale'}`}>
      {states.map(([state, n]) => (
        <span key={state} class="mark" title={t().state(state)}>
          <Mark state={state} short /> {count(n, locale.value)}
        </span>
      ))}
      {lost !== undefined && (
        <span class="soft">
          <Ago at={lost} />
        </span>
      )}
    </a>
  );
}

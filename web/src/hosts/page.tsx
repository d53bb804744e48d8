// All hosts, with details of their engines.
import { useEffect } from 'preact/hooks';
import { StateCounts, Why, useCounts, type Counts } from '../fleet/hosts';
import { bytes, count } from '../logic/format';
import { hosts, loadHosts } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { address } from '../state/route';
import { repeat } from '../state/usage';
import type { HostStatus } from '../api';
import { Mark } from '../ui/mark';
import { Empty, Top } from '../ui/parts';
import { Warnings } from './warnings';

export default function HostsPage() {
  const texts = t().fleet;
  const counts = useCounts();
  useEffect(() => repeat(loadHosts, 15_000), []);
  return (
    <>
      <Top title={t().nav.hosts} note={count(hosts.value.length, locale.value)} />
      {hosts.value.length === 0 ? <Empty title={texts.noHosts} hint={texts.noHostsHint} /> : (
        <div class="content wide-content">
          <div class="card flush">
            <div class="scroll-x" tabIndex={-1}>
              <table class="list-table hosts">
                <thead>
                  <tr>
                    <th scope="col">{texts.host}</th>
                    <th scope="col">{texts.status}</th>
                    <th scope="col">{texts.containers}</th>
                    <th scope="col">{texts.engine}</th>
                    <th scope="col">{texts.machine}</th>
                    <th scope="col" class="num">{texts.latency}</th>
                  </tr>
                </thead>
                <tbody>
                  {hosts.value.map((host) => (
                    <Host key={host.host} host={host} counts={counts.value.get(host.host)} />
                  ))}
                </tbody>
              </table>
            </div>
          </div>
        </div>
      )}
    </>
  );
}

function Host({ host, counts }: { host: HostStatus; counts: Counts | undefined }) {
  const texts = t().fleet;
  const up = host.status !== 'down';
  return (
    <tr>
      <td>
        <a href={address.host(host.host)}>
          <b>{host.host}</b>
        </a>
        <div class="faint cut address">{host.addr}</div>
      </td>
      <td>
        <Mark state={host.status} /> <Why host={host} /> <Warnings host={host} />
      </td>
      <td>
        <StateCounts host={host.host} counts={counts} />
      </td>
      <td class={up ? '' : 'stale'}>{host.engine_version ?? '–'}</td>
      <td class={up ? '' : 'stale'}>
        {host.cpus ? `${texts.cores(host.cpus)} · ${bytes(host.memory ?? 0)}` : '–'} <span class="soft">{[host.os, host.arch].filter(Boolean).join('/')}</span>
      </td>
      <td class="num">{up && host.latency_ms > 0 ? texts.milliseconds(host.latency_ms.toFixed(host.latency_ms < 10 ? 1 : 0)) : '–'}</td>
    </tr>
  );
}

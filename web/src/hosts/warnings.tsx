// Problems of a host that answers: its clock, its certificate, its events.
import type { HostStatus } from '../api';
import { concernsOfHost } from '../logic/concerns';
import { lasting } from '../logic/format';
import { now } from '../state/clock';
import { locale, t } from '../state/preferences';

export function Warnings({ host }: { host: HostStatus }) {
  const texts = t().fleet;
  const found = concernsOfHost(host, now.value).filter((c) => c.kind === 'certificate' || c.kind === 'clock');
  return (
    <>
      {found.map((c) => {
        const length = lasting(c.length, locale.value);
        return (
          <span key={c.kind} class={`badge ${c.grave ? 'bad' : 'warn'}`}>
            {c.kind === 'clock' ? texts.clock(length) : c.length <= 0 ? texts.certificateOver : texts.certificate(length)}
          </span>
        );
      })}
      {host.status === 'up' && !host.streaming && <span class="badge warn">{texts.notStreaming}</span>}
    </>
  );
}

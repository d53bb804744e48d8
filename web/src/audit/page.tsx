// The audit log: actions of callers, and refused requests.
import { computed } from '@preact/signals';
import type { AuditEntry, AuditPage } from '../api';
import { moment } from '../logic/format';
import { hosts } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { address, query, setQuery } from '../state/route';
import { ListTable } from '../ui/card';
import { useListing } from '../ui/listing';
import { SearchBox, Select, Top } from '../ui/parts';

const outcomes = ['ok', 'failed', 'refused', 'pending', 'unknown'] as const;
const tones: Record<AuditEntry['outcome'], string> = { ok: 'good', failed: 'bad', refused: 'warn', pending: 'soft', unknown: 'soft' };

const wanted = computed(() => {
  const q = query.value;
  return { user: q.get('user') ?? '', host: q.get('host') ?? '', outcome: outcomes.find((one) => one === q.get('outcome')) ?? '', since: q.get('since') ?? '' };
});

export default function Audit() {
  const texts = t().audit;
  const { user, host, outcome, since } = wanted.value;
  const listing = useListing<AuditPage, AuditEntry>('/v1/audit', { user: user.trim(), host, outcome, since, limit: 200 }, (page) => page.audit);
  return (
    <>
      <div class="sticky">
        <Top title={t().nav.audit}>
          <SearchBox value={user} label={texts.user} onInput={(text) => setQuery({ user: text })} />
        </Top>
        <div class="toolbar">
          <Select label={t().events.range} value={since} onChange={(v) => setQuery({ since: v })} options={(['', '1h', '24h', '168h'] as const).map((r) => [r, t().events.ranges[r]] as const)} />
          <Select label={t().events.host} value={host} onChange={(v) => setQuery({ host: v })} options={[['', t().events.allHosts] as const, ...hosts.value.map((h) => [h.host, h.host] as const)]} />
          <Select label={texts.outcome} value={outcome} onChange={(v) => setQuery({ outcome: v })} options={[['', texts.allOutcomes] as const, ...outcomes.map((o) => [o, texts.outcomes[o]] as const)]} />
        </div>
      </div>
      <ListTable
        listing={listing} none={texts.none} heads={[texts.at, texts.who, texts.action, texts.target, texts.outcome, texts.from]}
        row={(e) => (
          <tr key={e.id}>
            <td class="tab soft">
              <time dateTime={e.at}>{moment(Date.parse(e.at), locale.value)}</time>
            </td>
            <td>
              <bdi>{e.user || '–'}</bdi>
            </td>
            <td>{e.action}</td>
            <td>
              <Target entry={e} />
            </td>
            <td>
              <span class={tones[e.outcome]}>{texts.outcomes[e.outcome]}</span> {e.times > 1 && <span class="badge tab">×{e.times}</span>} <bdi class="soft">{e.detail}</bdi>
            </td>
            <td class="tab soft">{e.address}</td>
          </tr>
        )}
      />
    </>
  );
}

function Target({ entry: e }: { entry: AuditEntry }) {
  if (e.container_name !== '' || e.container_id !== '') {
    return (
      <>
        <a href={address.container(e.host, e.container_id || e.container_name)}>
          <bdi>{e.container_name || e.container_id.slice(0, 12)}</bdi>
        </a>{' '}
        <span class="soft">{e.host}</span>
      </>
    );
  }
  return (
    <span class="soft">
      <bdi>{e.target}</bdi> {e.host}
    </span>
  );
}

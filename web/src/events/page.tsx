// The events of all hosts. The filters are kept in the address.
import { computed } from '@preact/signals';
import { hosts } from '../state/fleet';
import { t } from '../state/preferences';
import { query, setQuery } from '../state/route';
import { SearchBox, Select, Top } from '../ui/parts';
import { EventList } from './timeline';
import type { Wanted } from './store';

const types = ['container', 'image', 'network', 'volume', 'host', 'gap'] as const;
const ranges = ['1h', '12h', '24h', '168h', ''] as const;
const usual = '24h';

const wanted = computed<Wanted>(() => {
  const q = query.value;
  const range = q.get('since') ?? usual;
  return {
    host: q.get('host') ?? '',
    type: types.find((one) => one === q.get('type')) ?? '',
    container: (q.get('container') ?? '').trim(),
    since: range === 'all' ? '' : /^\d{1,4}[hm]$/.test(range) ? range : usual,
    unexpected: q.get('unexpected') === 'true',
  };
});

export default function EventsPage() {
  const texts = t().events;
  const { host, type, container, since, unexpected } = wanted.value;
  return (
    <>
      <div class="sticky">
        <Top title={texts.title}>
          <SearchBox value={query.value.get('container') ?? ''} label={texts.search} onInput={(text) => setQuery({ container: text })} />
        </Top>
        <div class="toolbar">
          <Select label={texts.range} value={since} onChange={(v) => setQuery({ since: v === '' ? 'all' : v === usual ? '' : v })} options={ranges.map((r) => [r, texts.ranges[r]] as const)} />
          <Select label={texts.host} value={host} onChange={(v) => setQuery({ host: v })} options={[['', texts.allHosts] as const, ...hosts.value.map((h) => [h.host, h.host] as const)]} />
          <Select label={texts.type} value={type} onChange={(v) => setQuery({ type: v })} options={[['', texts.allTypes] as const, ...types.map((one) => [one, texts.types[one]] as const)]} />
          <label class="choice">
            <input class="check" type="checkbox" checked={unexpected} onChange={() => setQuery({ unexpected: unexpected ? '' : 'true' })} />
            {texts.unexpected}
          </label>
        </div>
      </div>
      <EventList wanted={{ host, type, container, since, unexpected }} />
    </>
  );
}

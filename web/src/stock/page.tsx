// Images, volumes and networks of the hosts, and the containers that use them.
import { useSignal } from '@preact/signals';
import { stockTexts } from '../i18n/stock';
import { changesSomeHost } from '../logic/rights';
import { hosts } from '../state/fleet';
import { t } from '../state/preferences';
import { path, query, setQuery } from '../state/route';
import { me } from '../state/session';
import { SearchBox, Select, Top } from '../ui/parts';
import { PruneDialog } from './prune';
import { PullDialog } from './pull';
import { Stock, type Kind } from './table';

const kinds: readonly Kind[] = ['images', 'volumes', 'networks'];

export default function StockPage() {
  const texts = stockTexts();
  const q = query.value;
  const kind = kinds.find((one) => one === q.get('tab')) ?? 'images';
  const dialog = useSignal<'pull' | 'prune' | undefined>(undefined);
  const changed = useSignal(0);
  const close = (): void => {
    dialog.value = undefined;
    changed.value++;
  };
  const text = q.get('q') ?? '';
  const host = q.get('host') ?? '';
  const use = q.get('in_use') ?? '';
  return (
    <>
      <div class="sticky">
        <Top title={texts.tabs[kind]}>
          <SearchBox value={text} label={texts.search} onInput={(v) => setQuery({ q: v })} />
          {changesSomeHost(me.value) && (
            <div class="buttons">
              <button class="button" onClick={() => (dialog.value = 'prune')}>
                {texts.prune}
              </button>
              <button class="button primary" onClick={() => (dialog.value = 'pull')}>
                {texts.pull}
              </button>
            </div>
          )}
        </Top>
        <nav class="tabs" aria-label={t().nav.images}>
          {kinds.map((one) => (
            <a key={one} href={one === 'images' ? path.value : `${path.value}?tab=${one}`} aria-current={one === kind ? 'page' : undefined}>
              {texts.tabs[one]}
            </a>
          ))}
        </nav>
        <div class="toolbar">
          <Select label={texts.host} value={host} onChange={(v) => setQuery({ host: v })} options={[['', texts.allHosts] as const, ...hosts.value.map((h) => [h.host, h.host] as const)]} />
          <Select label={texts.use} value={use} onChange={(v) => setQuery({ in_use: v })} options={[['', texts.allUse], ['true', texts.used], ['false', texts.unused]]} />
        </div>
      </div>
      <Stock key={kind} kind={kind} query={{ q: text, host, in_use: use }} changed={changed.value} />
      {dialog.value === 'pull' && <PullDialog onClose={close} />}
      {dialog.value === 'prune' && <PruneDialog onClose={close} />}
    </>
  );
}

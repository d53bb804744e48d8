// The palette: finds pages, hosts and containers by name.
import { computed, useComputed, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { containers, hosts } from '../state/fleet';
import { t } from '../state/preferences';
import { address, go } from '../state/route';
import { me } from '../state/session';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icon';
import { Mark, stateOf } from '../ui/mark';
import { paletteOpen } from './keys';
import { navigation, offered } from './pages';

interface Target {
  to: string;
  name: string;
  about: string;
  kind: string;
  state: string;
}

// most is the maximum number of matches that are shown.
const most = 50;

const targets = computed<Target[]>(() => {
  const texts = t();
  return [
    ...navigation.filter((item) => offered(item, me.value)).map((item) => ({ to: item.path, name: item.name(texts), about: '', kind: texts.palette.page, state: '' })),
    ...hosts.value.map((h) => ({ to: address.host(h.host), name: h.host, about: h.addr, kind: texts.palette.host, state: h.status as string })),
    ...containers.value.map((c) => ({ to: address.container(c.host, c.id), name: c.name, about: `${c.host} · ${c.image}`, kind: texts.palette.container, state: stateOf(c) })),
  ];
});

// found returns the targets that contain all words, those whose name begins with the text first.
function found(text: string): Target[] {
  const words = text.toLowerCase().split(/\s+/).filter((word) => word !== '');
  const hits = targets.value.filter((target) => {
    const all = `${target.name} ${target.about}`.toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const begins = (target: Target): number => (target.name.toLowerCase().startsWith(words[0] ?? '') ? 0 : 1);
  return hits.sort((a, b) => begins(a) - begins(b)).slice(0, most);
}

export function Palette() {
  const text = useSignal('');
  const at = useSignal(0);
  const hits = useComputed(() => found(text.value));
  const texts = t().palette;
  const close = (): void => {
    paletteOpen.value = false;
  };
  const open = (target: Target | undefined): void => {
    if (!target) return;
    close();
    go(target.to);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) at.value = Math.max(0, Math.min(hits.value.length - 1, at.value + step));
    else if (event.key === 'Enter') open(hits.value[at.value]);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    document.getElementById(`hit-${at.value}`)?.scrollIntoView({ block: 'nearest' });
  }, [at.value]);
  return (
    <Dialog title={texts.label} quietTitle class="palette" onClose={close}>
      <label class="search">
        <Icon name="search" />
        <input
          value={text.value} placeholder={texts.label} role="combobox" aria-label={texts.label} aria-expanded="true" aria-controls="hits" aria-activedescendant={`hit-${at.value}`}
          autocomplete="off" spellcheck={false} onKeyDown={onKey}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            at.value = 0;
          }}
        />
      </label>
      <ul id="hits" role="listbox" aria-label={texts.label}>
        {hits.value.map((hit, i) => (
          <li key={hit.to} id={`hit-${i}`} role="option" aria-selected={i === at.value} onClick={() => open(hit)} onMouseMove={() => (at.value = i)}>
            {hit.state !== '' && <Mark state={hit.state} short />}
            <b class="cut">{hit.name}</b>
            <span class="cut">{hit.about}</span>
            <span class="kind">{hit.kind}</span>
          </li>
        ))}
      </ul>
      {hits.value.length === 0 && <div class="empty">{texts.empty}</div>}
    </Dialog>
  );
}

// The rows of the list.
import type { ReadonlySignal } from '@preact/signals';
import type { Container } from '../logic/container';
import type { Group, Line, Sort } from '../logic/filter';
import { bytes, count, percent } from '../logic/format';
import { down } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { address, setQuery } from '../state/route';
import { now } from '../state/clock';
import { available } from '../state/updates';
import type { Readings } from '../state/usage';
import { ago } from '../logic/format';
import { Mark, stateOf } from '../ui/mark';
import { For, Ago } from '../ui/time';
import { choose, chosen, selectable } from './selection';

export function Head({ shown, sort }: { shown: ReadonlySignal<readonly Container[]>; sort: Sort }) {
  const texts = t().containers;
  const possible = shown.value.filter(selectable);
  const all = possible.length > 0 && possible.every((c) => chosen.value.has(c.key));
  const column = (name: Sort, text: string) => (
    <button class="sort" aria-label={`${texts.sortBy}: ${text}`} aria-pressed={sort === name} onClick={() => setQuery({ sort: name === 'name' ? '' : name })}>
      {text}
      {sort === name && <span aria-hidden="true"> ↓</span>}
    </button>
  );
  return (
    <div class="grid">
      <div class="head" role="group" aria-label={texts.sortBy}>
        <span>
          {possible.length > 0 && (
            <input class="check" type="checkbox" aria-label={texts.selectAll} checked={all} onChange={() => choose(possible, !all)} />
          )}
        </span>
        <span>{column('name', texts.name)}</span>
        <span>{column('state', texts.state)}</span>
        <span class="wide">{column('image', texts.image)}</span>
        <span>{column('host', texts.host)}</span>
        <span class="num">{texts.cpu}</span>
        <span class="num">{texts.memory}</span>
        <span class="num">{column('since', texts.since)}</span>
      </div>
    </div>
  );
}

export function GroupRow({ line, group, index }: { line: Line & { kind: 'group' }; group: Group; index: number }) {
  const texts = t().containers;
  const name = line.name === '' ? (group === 'project' ? texts.noProject : t().common.none) : line.name;
  return (
    <div class="group" role="row" aria-rowindex={index + 1}>
      <span role="gridcell" class="cut">
        <bdi>{name}</bdi>
      </span>
      <span role="gridcell" class="soft tab">
        {texts.running(count(line.running, locale.value), count(line.all, locale.value))}
      </span>
    </div>
  );
}

interface RowProps {
  container: Container;
  usage: ReadonlySignal<Readings>;
  index: number;
}

export function Row({ container: c, usage, index }: RowProps) {
  const texts = t().containers;
  const lost = down.value.get(c.host);
  const selected = chosen.value.has(c.key);
  const reading = lost === undefined && c.state === 'running' ? usage.value.get(c.key) : undefined;
  const stale = lost === undefined ? undefined : texts.stale(c.host, ago(Math.max(0, now.value - lost), locale.value));
  return (
    <div role="row" class={stale ? 'stale' : ''} aria-selected={selected} aria-rowindex={index + 1} title={stale}>
      <span role="gridcell">
        {selectable(c) && (
          <input class="check" type="checkbox" aria-label={texts.select(c.name)} checked={selected} onChange={() => choose([c], !selected)} />
        )}
      </span>
      <span role="gridcell" class="cut name">
        <a href={address.container(c.host, c.id)} title={c.name}>
          <bdi>{c.name}</bdi>
        </a>
      </span>
      <span role="gridcell">
        <Mark state={stateOf(c)} /> {failed(c) && <span class="badge bad">{texts.exited(String(c.exitCode))}</span>}
        {available.value?.has(c.key) && <span class="badge accent">{texts.update}</span>}
      </span>
      <span role="gridcell" class="cut soft wide narrow-out" title={c.image}>
        <bdi>{c.image}</bdi>
      </span>
      <span role="gridcell" class="cut soft at-host">{c.host}</span>
      <span role="gridcell" class="num narrow-out">{reading ? percent(reading.cpu_percent) : ''}</span>
      <span role="gridcell" class="num narrow-out">{reading ? bytes(reading.memory_usage) : ''}</span>
      <span role="gridcell" class="num soft at-since">
        <Since container={c} />
      </span>
    </div>
  );
}

const failed = (c: Container): boolean => c.state !== 'running' && c.exitCode !== undefined && c.exitCode !== 0;

// Since shows how long a container has been in its state.
function Since({ container: c }: { container: Container }) {
  if (c.since === 0) return null;
  return c.state === 'running' || c.state === 'paused' ? <For since={c.since} /> : <Ago at={c.since} />;
}

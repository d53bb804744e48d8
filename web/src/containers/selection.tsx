// The containers that are selected for an action.
import { signal } from '@preact/signals';
import type { Container } from '../logic/container';
import { count } from '../logic/format';
import { mayOperate } from '../logic/rights';
import { down } from '../state/fleet';
import { locale, t } from '../state/preferences';
import { me } from '../state/session';
import { Icon } from '../ui/icon';
import { allActions, ask, current, operations } from './operations';

export const chosen = signal<ReadonlyMap<string, Container>>(new Map());

export function choose(containers: readonly Container[], on: boolean): void {
  const next = new Map(chosen.value);
  for (const c of containers) {
    if (on) next.set(c.key, c);
    else next.delete(c.key);
  }
  chosen.value = next;
}

// prune deselects containers that are gone.
export function prune(there: readonly Container[]): void {
  if (chosen.peek().size === 0) return;
  const keys = new Set(there.map((c) => c.key));
  const left = [...chosen.peek()].filter(([key]) => keys.has(key));
  if (left.length !== chosen.peek().size) chosen.value = new Map(left);
}

// selectable reports whether the user may act on a container now.
export const selectable = (c: Container): boolean => mayOperate(me.value, c) && !down.value.has(c.host);

export function SelectionBar() {
  const targets = [...chosen.value.values()].map(current);
  if (targets.length === 0) return null;
  const texts = t().containers;
  return (
    <div class="selection" role="toolbar" aria-label={texts.actions}>
      <strong class="tab">{texts.selected(count(targets.length, locale.value))}</strong>
      {allActions.map((action) => {
        const fitting = targets.filter((c) => operations[action].fits(c) && selectable(c));
        return (
          fitting.length > 0 && (
            <button key={action} class="button" onClick={() => ask(action, fitting)}>
              <Icon name={operations[action].icon} />
              {texts[action]}
              {fitting.length !== targets.length && <span class="soft tab">{fitting.length}</span>}
            </button>
          )
        );
      })}
      <button class="button quiet only" aria-label={t().common.clear} onClick={() => (chosen.value = new Map())}>
        <Icon name="close" />
      </button>
    </div>
  );
}

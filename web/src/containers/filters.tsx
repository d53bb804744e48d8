// The filters of the list, kept in the address.
import { useComputed, useSignal } from '@preact/signals';
import { groups, sorts, type Choice } from '../logic/filter';
import { hosts } from '../state/fleet';
import { count } from '../logic/format';
import { locale, t } from '../state/preferences';
import { setQuery } from '../state/route';
import { available, checking, checkUpdates } from '../state/updates';
import { Icon } from '../ui/icon';
import { reasonOf, Select } from '../ui/parts';

const states = ['running', 'exited', 'paused', 'restarting', 'created', 'dead', 'unhealthy'];

// Updates checks for new images on a click, and shows how many there are.
function Updates() {
  const texts = t().containers;
  const fault = useSignal('');
  const check = (): void => {
    fault.value = '';
    checkUpdates().catch((error: unknown) => (fault.value = reasonOf(error)));
  };
  return (
    <>
      <button class="button quiet" disabled={checking.value} onClick={check}>
        <Icon name="download" />
        {checking.value ? texts.checking : texts.checkUpdates}
      </button>
      <span class={fault.value === '' ? 'soft tab' : 'bad'} role="status">
        {fault.value !== '' ? fault.value : available.value && texts.updates(count(available.value.size, locale.value))}
      </span>
    </>
  );
}

export function Filters({ choice }: { choice: Choice }) {
  const texts = t().containers;
  const names = useComputed(() => hosts.value.map((h) => h.host));
  const groupNames = { '': texts.ungrouped, project: texts.byProject, host: texts.byHost };
  return (
    <div class="toolbar">
      <Select
        label={texts.filterState} value={choice.states.join(',')} onChange={(state) => setQuery({ state })}
        options={[['', texts.allStates] as const, ...states.map((s) => [s, t().state(s)] as const)]}
      />
      <Select
        label={texts.filterHost} value={choice.host} onChange={(host) => setQuery({ host })}
        options={[['', texts.allHosts] as const, ...names.value.map((name) => [name, name] as const)]}
      />
      <Select label={texts.groupBy} value={choice.group} onChange={(group) => setQuery({ group })} options={groups.map((g) => [g, groupNames[g]] as const)} />
      <Select
        label={texts.sortBy} value={choice.sort} onChange={(sort) => setQuery({ sort: sort === 'name' ? '' : sort })}
        options={sorts.map((s) => [s, `${texts.sortBy}: ${texts.sorts[s]}`] as const)}
      />
      <Updates />
    </div>
  );
}

// The containers with the highest usage.
import type { ReadonlySignal } from '@preact/signals';
import { bytes, percent } from '../logic/format';
import { t } from '../state/preferences';
import { address } from '../state/route';
import type { Usage } from '../api';
import { Meter } from '../ui/parts';

interface Props {
  title: string;
  usages: ReadonlySignal<readonly Usage[]>;
  by: 'cpu' | 'memory';
}

export function TopList({ title, usages, by }: Props) {
  const value = (u: Usage): number => (by === 'cpu' ? u.cpu_percent : u.memory_usage);
  const most = Math.max(...usages.value.map(value), by === 'cpu' ? 100 : 1);
  return (
    <section class="card" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div>
        {usages.value.length === 0 && <p class="calm">{t().fleet.noUsage}</p>}
        {usages.value.map((u) => (
          <div key={`${u.host}/${u.id}`} class="top-row">
            <a class="cut" href={address.container(u.host ?? '', u.id)} title={u.name}>
              <bdi>{u.name}</bdi> <span class="soft">{u.host}</span>
            </a>
            <span class="num">{by === 'cpu' ? percent(u.cpu_percent) : bytes(u.memory_usage)}</span>
            <Meter part={value(u) / most} />
          </div>
        ))}
      </div>
    </section>
  );
}

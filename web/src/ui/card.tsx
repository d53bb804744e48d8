// A card: a titled part of a page.
import type { ComponentChildren } from 'preact';
import type { Listing } from './listing';
import { t } from '../state/preferences';
import { Empty, Notice } from './parts';

interface Props {
  title: string;
  actions?: ComponentChildren;
  flush?: boolean;
  children: ComponentChildren;
}

export function Card({ title, actions, flush = false, children }: Props) {
  return (
    <section class={`card ${flush ? 'flush' : ''}`} aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span class="spring" />
        {actions}
      </header>
      {children}
    </section>
  );
}

interface TableProps<Row> {
  listing: Listing<Row>;
  heads: readonly string[];
  none: string;
  row: (row: Row) => ComponentChildren;
}

// ListTable shows a listing as a table, with a button for the next page.
export function ListTable<Row>({ listing, heads, none, row }: TableProps<Row>) {
  const rows = listing.rows.value;
  return (
    <div>
      {listing.fault.value !== '' && <Notice bad>{listing.fault.value}</Notice>}
      {listing.loaded.value && rows.length === 0 ? <Empty title={none} /> : (
        <div class="scroll-x" tabIndex={0} role="group" aria-label={heads[0]}>
          <table class="list-table">
            <thead>
              <tr>
                {heads.map((head, i) => (
                  <th key={i} scope="col">
                    {head === '' ? <span class="sr">{t().containers.actions}</span> : head}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{rows.map(row)}</tbody>
          </table>
        </div>
      )}
      {listing.cursor.value !== '' && (
        <div class="empty">
          <button class="button" onClick={() => void listing.more()}>
            {t().common.more}
          </button>
        </div>
      )}
    </div>
  );
}

// A list that the API returns in pages.
import { signal, type Signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { get, search, type Query } from '../api/client';
import { link } from '../state/live';
import { reasonOf } from './parts';

export interface Listing<Row> {
  rows: Signal<readonly Row[]>;
  cursor: Signal<string>; // of the next page; empty on the last one
  loaded: Signal<boolean>;
  fault: Signal<string>;
  reload: () => Promise<void>;
  more: () => Promise<void>;
}

// useListing loads a list, and reloads it when its query changes or wharf is reachable again.
export function useListing<Page extends { cursor: string }, Row>(path: string, query: Query, pick: (page: Page) => readonly Row[]): Listing<Row> {
  const address = path + search(query);
  const listing = useMemo(() => makeListing(path, query, pick), [address]);
  const live = link.value.state === 'live';
  useEffect(() => {
    if (live) void listing.reload();
  }, [listing, live]);
  return listing;
}

function makeListing<Page extends { cursor: string }, Row>(path: string, query: Query, pick: (page: Page) => readonly Row[]): Listing<Row> {
  const rows = signal<readonly Row[]>([]);
  const cursor = signal('');
  const loaded = signal(false);
  const fault = signal('');
  const read = async (from: string): Promise<void> => {
    try {
      const page = await get<Page>(path, { ...query, cursor: from });
      rows.value = from === '' ? pick(page) : [...rows.value, ...pick(page)];
      cursor.value = page.cursor;
      loaded.value = true;
      fault.value = '';
    } catch (error) {
      fault.value = reasonOf(error);
    }
  };
  return { rows, cursor, loaded, fault, reload: () => read(''), more: () => read(cursor.value) };
}

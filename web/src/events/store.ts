// The events of one timeline: read from the log, then updated by the stream.
import { batch, signal, type ReadonlySignal } from '@preact/signals';
import { get } from '../api/client';
import type { EventPage } from '../api';
import { fits, fromEvent, fromGap, fromHost, fromLog, isEnd, merged, onTop, type Entry, type Narrowing } from '../logic/timeline';
import { link, onHappenings, type Happening } from '../state/live';
import { reasonOf } from '../ui/parts';

export interface Wanted extends Narrowing {
  since: string; // a duration before now, as the API parses it; empty for everything
  unexpected: boolean;
}

// most is the maximum number of entries in a timeline; older ones are loaded again on request.
const most = 5000;
const pageSize = 200;
// unexpectedDelay is how long after a container's end the log is asked whether an action caused it, in milliseconds.
const unexpectedDelay = 1000;

export class Timeline {
  readonly entries = signal<readonly Entry[]>([]);
  // unexpected holds the ids of ends that no action caused.
  readonly unexpected = signal<ReadonlySet<number>>(new Set());
  readonly loaded = signal(false);
  readonly fault = signal('');
  // waiting holds entries that arrived while the user had scrolled down.
  readonly waiting = signal<readonly Entry[]>([]);

  private readonly cursor = signal('');
  private highest = 0;
  private timer = 0;
  private readonly abort = new AbortController();
  private readonly unlisten: () => void;

  // atTop reports whether new entries may be inserted immediately.
  constructor(
    private readonly wanted: Wanted,
    private readonly atTop: () => boolean,
  ) {
    this.unlisten = onHappenings((all) => this.receive(all));
    void this.load();
  }

  get more(): ReadonlySignal<string> {
    return this.cursor;
  }

  stop(): void {
    this.unlisten();
    clearTimeout(this.timer);
    this.abort.abort();
  }

  async load(cursor = ''): Promise<void> {
    const { host, type, container, since, unexpected } = this.wanted;
    const query = { host, type, container: container || undefined, since, unexpected: unexpected || undefined };
    try {
      const [page] = await Promise.all([
        get<EventPage>('/v1/events', { ...query, limit: pageSize, cursor }, this.abort.signal),
        this.loadUnexpected(),
      ]);
      batch(() => {
        const rows = page.events.map(fromLog);
        this.entries.value = cursor === '' ? merged(this.fresh(), rows, most) : [...this.entries.value, ...rows];
        this.highest = rows.reduce((id, e) => Math.max(id, e.id), this.highest);
        this.cursor.value = page.cursor;
        this.fault.value = '';
        this.loaded.value = true;
      });
    } catch (error) {
      if (!this.abort.signal.aborted) this.fault.value = reasonOf(error);
    }
  }

  // fresh returns the entries that the stream delivered while the log was being read.
  private fresh(): readonly Entry[] {
    return this.loaded.peek() ? [] : this.entries.peek();
  }

  private async loadUnexpected(): Promise<void> {
    const { host, container, since } = this.wanted;
    const page = await get<EventPage>('/v1/events', { host, container, since: since || '168h', type: 'container', unexpected: true, limit: 1000 }, this.abort.signal);
    this.unexpected.value = new Set(page.events.filter((e) => e.type !== 'gap').map((e) => e.id));
  }

  private receive(happenings: readonly Happening[]): void {
    const fresh = happenings.map(entryOf).filter((e) => fits(e, this.wanted));
    if (fresh.length === 0) return;
    if (fresh.some(isEnd)) this.askSoon();
    if (this.wanted.unexpected) return; // only the log knows these
    if (this.atTop()) this.put([...this.waiting.value, ...fresh]);
    else this.waiting.value = merged(this.waiting.value, fresh, most);
    if (this.atTop() && this.waiting.value.length > 0) this.waiting.value = [];
  }

  // put adds entries. Ids rise in the order of delivery, so an id above the highest is new.
  private put(fresh: readonly Entry[]): void {
    const old = this.entries.peek();
    const newest = old[0]?.at ?? 0;
    const above = fresh.every((e) => e.id > this.highest && e.at >= newest);
    this.entries.value = above ? onTop(old, fresh, most) : merged(old, fresh, most);
    this.highest = fresh.reduce((id, e) => Math.max(id, e.id), this.highest);
  }

  // askSoon asks the log, once for several ends, which of them no action caused.
  private askSoon(): void {
    if (this.timer !== 0) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      if (link.peek().state !== 'live') return;
      void (this.wanted.unexpected ? this.load() : this.loadUnexpected().catch(() => undefined));
    }, unexpectedDelay);
  }

  // show inserts the waiting entries.
  show(): void {
    batch(() => {
      this.put(this.waiting.value);
      this.waiting.value = [];
    });
  }
}

function entryOf(h: Happening): Entry {
  switch (h.kind) {
    case 'event':
      return fromEvent(h.id, h.event);
    case 'gap':
      return fromGap(h.id, h.gap);
    case 'host':
      return fromHost(h.id, h.host);
  }
}

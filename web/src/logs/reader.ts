// The lines of one view: read, followed, resumed, at most a hundred thousand.
import { effect, signal, untracked } from '@preact/signals';
import { ApiError, search, stream, type Query } from '../api/client';
import type { ContainerEvent, LogEnd, LogGap, LogHosts, LogLine, LogProgress, LogSearchEnd } from '../api';
import type { Frame } from '../api/sse';
import { visible } from '../state/clock';
import { link } from '../state/live';
import { reasonOf } from '../ui/parts';

// Row is a line, a gap or an event between lines.
export type Row =
  | { kind: 'line'; key: number; line: LogLine; at: number }
  | { kind: 'gap'; key: number; gap: LogGap }
  | { kind: 'event'; key: number; event: ContainerEvent };

// most is the maximum number of rows; when it is exceeded, the `shed` oldest are dropped.
const most = 100_000;
const shed = 10_000;
// retry is the pause before a stream that ended is reopened, in milliseconds.
const retry = 1500;

export interface Wanted {
  path: string;
  query: Query;
  follow: boolean; // false for a search or a part of the past, whose streams end
}

export class LogReader {
  // rows is changed in place; `revision` signals a change.
  readonly rows: Row[] = [];
  readonly revision = signal(0);
  readonly state = signal<'reading' | 'following' | 'ended' | 'failed'>('reading');
  readonly fault = signal('');
  readonly about = signal<LogHosts | undefined>(undefined);
  readonly progress = signal<LogProgress | undefined>(undefined);
  readonly complete = signal(true);
  readonly dropped = signal(0);
  readonly stop: () => void;

  private lastID = '';
  private serial = 0;
  private waiting: Row[] = [];
  private drawing = 0;
  private done = false;

  constructor(private readonly wanted: Wanted) {
    const unfollow = effect(() => {
      if (!visible.value || link.value.state !== 'live' || this.done) return undefined;
      const abort = new AbortController();
      untracked(() => void this.run(abort.signal));
      return () => abort.abort();
    });
    this.stop = () => {
      unfollow();
      cancelAnimationFrame(this.drawing);
    };
  }

  // run reads until the stream is complete. After a break it continues after the last line.
  private async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.done) {
      try {
        await this.read(signal);
        if (!this.wanted.follow) return this.end('ended');
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status < 500 && error.status !== 429) {
          this.fault.value = reasonOf(error);
          return this.end('failed');
        }
      }
      await new Promise((resolve) => setTimeout(resolve, retry));
    }
  }

  private async read(signal: AbortSignal): Promise<void> {
    const { path, query, follow } = this.wanted;
    const resumed = follow && this.lastID !== '';
    if (!follow) this.clear(); // a search can't be resumed: it starts again
    const frames = await stream(path + search(query), resumed ? { 'Last-Event-ID': this.lastID } : {}, signal);
    if (follow) this.state.value = 'following';
    for await (const group of frames) {
      for (const frame of group) this.receive(frame);
      if (this.drawing === 0) this.drawing = requestAnimationFrame(() => this.draw());
    }
  }

  private end(state: 'ended' | 'failed'): void {
    this.done = true;
    this.state.value = state;
  }

  private clear(): void {
    this.rows.length = 0;
    this.waiting = [];
    this.revision.value++;
  }

  private receive(frame: Frame): void {
    if (frame.id !== '') this.lastID = frame.id;
    if (frame.data === '') return;
    const data: unknown = JSON.parse(frame.data);
    switch (frame.event) {
      case 'log': {
        const line = data as LogLine;
        this.waiting.push({ kind: 'line', key: ++this.serial, line, at: Date.parse(line.at) });
        break;
      }
      case 'stream-gap':
        this.waiting.push({ kind: 'gap', key: ++this.serial, gap: data as LogGap });
        break;
      case 'container-event':
        this.waiting.push({ kind: 'event', key: ++this.serial, event: data as ContainerEvent });
        break;
      case 'log-hosts':
        this.about.value = data as LogHosts;
        break;
      case 'log-end':
        if ((data as LogEnd).error) this.fault.value = `${(data as LogEnd).name}: ${(data as LogEnd).error}`;
        break;
      case 'progress':
        this.progress.value = data as LogProgress;
        break;
      case 'end':
        this.complete.value = (data as LogSearchEnd).complete;
        break;
    }
  }

  // draw adds the lines that arrived to the list, once per frame of the screen.
  private draw(): void {
    this.drawing = 0;
    if (this.waiting.length === 0) return;
    for (const row of this.waiting) this.rows.push(row);
    this.waiting = [];
    if (this.rows.length > most) {
      const surplus = this.rows.length - most + shed;
      this.rows.splice(0, surplus);
      this.dropped.value += surplus;
    }
    this.revision.value++;
  }
}

// A terminal's WebSocket. Its protocol is v5.channel.k8s.io: the first byte of a message is the channel.
import { call } from '../api/client';
import type { ExecRequest, ExecResult } from '../api';

const stdin = 0;
const stdout = 1;
const stderr = 2;
const status = 3;
const resize = 4;

interface Status {
  status: string;
  message?: string;
  details?: { causes: { reason: string; message: string }[] };
}

// End is how a terminal ended: with the exit code of its process, or for a reason that wharf reports.
export interface End {
  code?: number;
  reason: string;
}

export interface Listener {
  output: (bytes: Uint8Array) => void;
  ended: (end: End) => void;
}

export class Socket {
  private over = false;

  private constructor(
    private readonly ws: WebSocket,
    private readonly listener: Listener,
  ) {
    ws.binaryType = 'arraybuffer';
    ws.onmessage = (event) => this.receive(new Uint8Array(event.data as ArrayBuffer));
    ws.onclose = () => this.end({ reason: '' });
  }

  // open gets a ticket and opens a terminal with a command. It throws ApiError if wharf refuses.
  static async open(host: string, id: string, request: ExecRequest, listener: Listener): Promise<Socket> {
    const path = `/v1/hosts/${encodeURIComponent(host)}/containers/${encodeURIComponent(id)}/exec`;
    const ticket = await call<ExecResult>('POST', path, { body: request });
    return new Socket(new WebSocket(ticket.url ?? '', 'v5.channel.k8s.io'), listener);
  }

  input(bytes: Uint8Array): void {
    this.send(stdin, bytes);
  }

  size(columns: number, rows: number): void {
    this.send(resize, new TextEncoder().encode(JSON.stringify({ Width: columns, Height: rows })));
  }

  close(): void {
    this.over = true; // call the listener no more
    this.ws.close();
  }

  private send(channel: number, body: Uint8Array): void {
    const message = new Uint8Array(body.length + 1);
    message[0] = channel;
    message.set(body, 1);
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(message);
    else if (this.ws.readyState === WebSocket.CONNECTING) this.ws.addEventListener('open', () => this.ws.send(message), { once: true });
  }

  private receive(message: Uint8Array): void {
    const body = message.subarray(1);
    if (message[0] === stdout || message[0] === stderr) this.listener.output(body);
    if (message[0] === status) this.end(endOf(JSON.parse(new TextDecoder().decode(body)) as Status));
  }

  private end(end: End): void {
    if (this.over) return;
    this.over = true;
    this.listener.ended(end);
  }
}

export function endOf(s: Status): End {
  if (s.status === 'Success') return { code: 0, reason: '' };
  const code = s.details?.causes.find((cause) => cause.reason === 'ExitCode')?.message;
  return code === undefined ? { reason: s.message ?? '' } : { code: Number(code), reason: s.message ?? '' };
}

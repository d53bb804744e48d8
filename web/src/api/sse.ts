// Server-sent events from a fetched body: EventSource can't send an Authorization header.

export interface Frame {
  id: string; // of this frame; empty if it has none
  event: string;
  data: string; // empty for a comment, and for a frame that has only an id
}

// FrameParser parses the text of a stream, in pieces of any size, into frames.
export class FrameParser {
  private rest = '';
  private frame: Frame = { id: '', event: '', data: '' };
  private filled = false;

  push(text: string): Frame[] {
    const frames: Frame[] = [];
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.filled) frames.push(this.frame);
        this.frame = { id: '', event: '', data: '' };
        this.filled = false;
        continue;
      }
      this.parseLine(line);
    }
    return frames;
  }

  private parseLine(line: string): void {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    switch (name) {
      case 'id':
        this.frame.id = value;
        break;
      case 'event':
        this.frame.event = value;
        break;
      case 'data':
        this.frame.data += this.frame.data === '' ? value : `\n${value}`;
        break;
      default:
        return; // a comment
    }
    this.filled = true;
  }
}

// silence is how long a stream may send nothing, not even a heartbeat, before it counts as lost, in milliseconds.
const silence = 40_000;

// framesOf yields the frames of a stream, in groups as they arrive, until it ends. It calls `lost` when nothing arrives for too long.
export async function* framesOf(body: ReadableStream<Uint8Array>, lost: () => void): AsyncGenerator<Frame[]> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  const parser = new FrameParser();
  let timer = setTimeout(lost, silence);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(lost, silence);
      yield parser.push(value);
    }
  } finally {
    clearTimeout(timer);
    await reader.cancel().catch(() => undefined);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameParser } from './sse';

const stream = ': \n\nid: 7\nevent: container-event\ndata: {"a":1}\n\nid: 8\n\nevent: stats\ndata: one\ndata: two\n\n';
const frames = [
  { id: '7', event: 'container-event', data: '{"a":1}' },
  { id: '8', event: '', data: '' },
  { id: '', event: 'stats', data: 'one\ntwo' },
];

test('frames come out whole wherever the stream is cut', () => {
  for (let size = 1; size <= stream.length; size++) {
    const parser = new FrameParser();
    const got = [];
    for (let i = 0; i < stream.length; i += size) got.push(...parser.push(stream.slice(i, i + size)));
    assert.deepEqual(got, frames, `in pieces of ${size}`);
  }
});

test('lines may end with CR LF, and values keep their colons', () => {
  assert.deepEqual(new FrameParser().push('data:a: b\r\n\r\n'), [{ id: '', event: '', data: 'a: b' }]);
});

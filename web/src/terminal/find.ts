// A search in a terminal's screen and scrollback. xterm's own addon is larger than the page's shell.
import type { Terminal } from '@xterm/xterm';

// findUp selects the nearest match above the selection, otherwise the last match, and reports whether there is one.
export function findUp(terminal: Terminal, text: string): boolean {
  const wanted = text.toLowerCase();
  const lines = terminal.buffer.active;
  const before = terminal.getSelectionPosition()?.start.y ?? lines.length;
  terminal.clearSelection();
  if (wanted === '') return false;
  const order = [...range(before - 1, 0), ...range(lines.length - 1, before)];
  for (const row of order) {
    const column = lines.getLine(row)?.translateToString(true).toLowerCase().lastIndexOf(wanted) ?? -1;
    if (column < 0) continue;
    terminal.select(column, row, text.length);
    terminal.scrollToLine(Math.max(0, row - Math.floor(terminal.rows / 2)));
    return true;
  }
  return false;
}

// range counts down from first to last, inclusive.
function* range(first: number, last: number): Generator<number> {
  for (let row = first; row >= last; row--) yield row;
}

// Which rows of a long list are in view: only these are rendered.

export interface Range {
  first: number;
  last: number; // exclusive
  above: number; // height of the rows before it, in pixels
  below: number;
}

// windowOf returns the visible rows of a list whose rows have the same height, and `spare` more on each side.
export function windowOf(count: number, rowHeight: number, scrolled: number, viewHeight: number, spare = 8): Range {
  const first = Math.min(Math.max(0, Math.floor(scrolled / rowHeight) - spare), count);
  const last = Math.min(count, Math.max(first, Math.ceil((scrolled + viewHeight) / rowHeight) + spare));
  return { first, last, above: first * rowHeight, below: (count - last) * rowHeight };
}

// Numbers in the format of docker stats, and times in that of Intl.

// bytes formats memory as docker stats does: "%.4g" with units of 1024, "128.5MiB".
export const bytes = (n: number): string => scaled(n, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], 4);

// traffic formats network and block bytes as docker stats does: "%.3g" with units of 1000, "512kB".
export const traffic = (n: number): string => scaled(n, 1000, ['B', 'kB', 'MB', 'GB', 'TB', 'PB'], 3);

// percent formats a percentage as docker stats does: "%.2f%%".
export const percent = (n: number): string => `${n.toFixed(2)}%`;

function scaled(n: number, base: number, units: string[], digits: number): string {
  let i = 0;
  while (n >= base && i < units.length - 1) {
    n /= base;
    i++;
  }
  return general(n, digits) + (units[i] ?? '');
}

// general is C's %.<digits>g, for numbers below 10^digits, which need no exponent. docker prints them so.
export function general(n: number, digits: number): string {
  const text = n.toPrecision(digits);
  if (text.includes('e')) return text.replace(/\.?0*e\+(\d)$/, 'e+0$1');
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

export const shortID = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12);

// Units of ages, the largest first, for Intl.RelativeTimeFormat and Intl.NumberFormat.
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1],
];

function largest(ms: number): { unit: Intl.RelativeTimeFormatUnit; n: number } {
  const s = Math.max(0, Math.floor(ms / 1000));
  for (const [unit, size] of steps) {
    if (s >= size) return { unit, n: Math.floor(s / size) };
  }
  return { unit: 'second', n: 0 };
}

const relative = new Map<string, Intl.RelativeTimeFormat>();
const lengths = new Map<string, Intl.NumberFormat>();
const moments = new Map<string, Intl.DateTimeFormat>();

function cached<T>(store: Map<string, T>, key: string, make: () => T): T {
  let found = store.get(key);
  if (found === undefined) {
    found = make();
    store.set(key, found);
  }
  return found;
}

// ago formats how long ago something was: "5 min. ago".
export function ago(ms: number, language: string): string {
  const { unit, n } = largest(ms);
  return cached(relative, language, () => new Intl.RelativeTimeFormat(language, { style: 'narrow', numeric: 'always' })).format(-n, unit);
}

// lasting formats a duration: "2 hr".
export function lasting(ms: number, language: string): string {
  const { unit, n } = largest(ms);
  return cached(lengths, `${language} ${unit}`, () => new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' })).format(n);
}

// moment formats a date with the time to the second.
export function moment(ms: number, language: string): string {
  return cached(moments, language, () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })).format(ms);
}

// clock formats a time of day to the second.
export function clock(ms: number, language: string): string {
  return cached(moments, `clock ${language}`, () => new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })).format(ms);
}

// day formats a date without a time.
export function day(ms: number, language: string): string {
  return cached(moments, `day ${language}`, () => new Intl.DateTimeFormat(language, { dateStyle: 'full' })).format(ms);
}

export const count = (n: number, language: string): string =>
  cached(lengths, `count ${language}`, () => new Intl.NumberFormat(language)).format(n);

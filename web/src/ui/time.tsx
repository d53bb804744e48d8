// Times: as an age, with the exact time in a tooltip.
import { ago, lasting, moment } from '../logic/format';
import { now } from '../state/clock';
import { locale } from '../state/preferences';

// Ago shows how long ago something was.
export function Ago({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at, locale.value)}>
      {ago(Math.max(0, now.value - at), locale.value)}
    </time>
  );
}

// For shows how long something has lasted.
export function For({ since, text = (age) => age }: { since: number; text?: (age: string) => string }) {
  return (
    <time dateTime={new Date(since).toISOString()} title={moment(since, locale.value)}>
      {text(lasting(Math.max(0, now.value - since), locale.value))}
    </time>
  );
}

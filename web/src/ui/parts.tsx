// Small parts that several pages share.
import type { ComponentChildren } from 'preact';
import { ApiError, Unreachable } from '../api/client';
import { t } from '../state/preferences';
import { Icon, type IconName } from './icon';
import { useTitle } from './title';

// Top is the head of a page: its title, a note, and its actions.
export function Top({ title, note, children }: { title: ComponentChildren; note?: ComponentChildren; children?: ComponentChildren }) {
  useTitle(typeof title === 'string' ? title : '');
  return (
    <header class="top">
      <h1 class="cut">{title}</h1>
      {note && <span class="soft tab cut">{note}</span>}
      <span class="spring" />
      {children}
    </header>
  );
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {hint && <span>{hint}</span>}
      {children}
    </div>
  );
}

// Notice shows an error or a hint.
export function Notice({ bad = false, icon = 'alert', children }: { bad?: boolean; icon?: IconName; children: ComponentChildren }) {
  return (
    <div class={`notice ${bad ? 'bad' : ''}`} role={bad ? 'alert' : 'status'}>
      <Icon name={icon} />
      <span>{children}</span>
    </div>
  );
}

// reasonOf returns the text of an error for the user.
export function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.status === 403 ? t().common.forbidden(error.message) : error.message;
  if (error instanceof Unreachable) return t().common.unreachable;
  return error instanceof Error ? error.message : String(error);
}

interface SelectProps {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}

export function Select({ label, value, options, onChange }: SelectProps) {
  return (
    <select class="select" aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {options.map(([one, text]) => (
        <option key={one} value={one}>
          {text}
        </option>
      ))}
    </select>
  );
}

// Meter shows a share as a bar, next to its number. With warn, a bar that is nearly full is a warning.
export function Meter({ part, warn = false }: { part: number; warn?: boolean }) {
  const bounded = Math.min(1, Math.max(0, part));
  return (
    <span class={`meter ${warn && bounded > 0.9 ? 'high' : ''}`} aria-hidden="true">
      <i style={{ '--part': bounded.toFixed(3) }} />
    </span>
  );
}

// SearchBox filters while the user types; Escape clears it. The key / focuses the box named `find`.
export function SearchBox({ value, label, onInput }: { value: string; label: string; onInput: (text: string) => void }) {
  return (
    <label class="search">
      <Icon name="search" />
      <input
        type="search" name="find" value={value} placeholder={label} aria-label={label} autocomplete="off" spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          if (value === '') event.currentTarget.blur();
          onInput('');
        }}
      />
      {value === '' && <kbd aria-hidden="true">/</kbd>}
    </label>
  );
}

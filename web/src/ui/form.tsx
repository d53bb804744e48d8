// Forms: named fields, and the error of the last attempt.
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Notice, reasonOf } from './parts';

interface FormProps {
  title?: string;
  submit: string;
  class?: string;
  send: (fields: FormData) => Promise<void>;
  children: ComponentChildren;
}

// Form sends its fields and shows an error. After an error it selects the password, which is typed again.
export function Form({ title, submit, class: extra = '', send, children }: FormProps) {
  const busy = useSignal(false);
  const fault = useSignal('');
  const onSubmit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    busy.value = true;
    try {
      await send(new FormData(form));
      fault.value = '';
      form.reset();
    } catch (error) {
      fault.value = reasonOf(error);
      const password = form.querySelector<HTMLInputElement>('input[type="password"]');
      password?.focus();
      password?.select();
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class={extra} onSubmit={(event) => void onSubmit(event)}>
      {title && <h1>{title}</h1>}
      {fault.value !== '' && <Notice bad>{fault.value}</Notice>}
      {children}
      <button class="button primary" disabled={busy.value}>
        {submit}
      </button>
    </form>
  );
}

interface FieldProps {
  name: string;
  label: string;
  type?: 'text' | 'password' | 'email' | 'date';
  hint?: string;
  complete?: string;
  focus?: boolean;
  optional?: boolean;
  placeholder?: string;
}

export function Field({ name, label, type = 'text', hint, complete = 'off', focus = false, optional = false, placeholder = '' }: FieldProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input class="input" name={name} type={type as 'text'} required={!optional} autocomplete={complete} autofocus={focus} placeholder={placeholder} spellcheck={false} autocapitalize="none" />
      {hint && <small>{hint}</small>}
    </label>
  );
}

interface ChoiceProps {
  name: string;
  label: string;
  options: readonly (readonly [value: string, text: string])[];
}

export function Choice({ name, label, options }: ChoiceProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <select class="select" name={name}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

// textOf returns a field's value without spaces around it.
export const textOf = (fields: FormData, name: string): string => String(fields.get(name) ?? '').trim();

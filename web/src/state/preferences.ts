// Language and theme: the browser's, until the user chooses others.
import { computed, effect, signal } from '@preact/signals';
import { en, type Texts } from '../i18n/en';

export type Theme = 'auto' | 'light' | 'dark';
export type Language = 'en' | 'ko';

const languageKey = 'wharf.language';
const themeKey = 'wharf.theme';

export const theme = signal<Theme>(stored(themeKey, ['auto', 'light', 'dark'], 'auto'));
export const language = signal<Language>(stored(languageKey, ['en', 'ko'], navigator.language.startsWith('ko') ? 'ko' : 'en'));

const texts = signal<Texts>(en);
const shown = signal<Language>('en');

// t returns the texts in the current language. A component that calls it is rendered again when the language changes.
export const t = (): Texts => texts.value;
// locale is the current language, for Intl.
export const locale = computed(() => shown.value);

function stored<T extends string>(key: string, choices: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(key) as T | null;
  return value !== null && choices.includes(value) ? value : otherwise;
}

// applyPreferences applies the choices from now on. It resolves when the language is loaded.
export function applyPreferences(): Promise<void> {
  effect(() => {
    if (theme.value === 'auto') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.dataset['theme'] = theme.value;
  });
  return new Promise((resolve) => {
    effect(() => {
      const chosen = language.value;
      void load(chosen).then((loaded) => {
        if (language.peek() !== chosen) return;
        texts.value = loaded;
        shown.value = chosen;
        document.documentElement.lang = chosen;
        resolve();
      });
    });
  });
}

async function load(chosen: Language): Promise<Texts> {
  return chosen === 'ko' ? (await import('../i18n/ko')).ko : en;
}

export function chooseTheme(choice: Theme): void {
  localStorage.setItem(themeKey, choice);
  theme.value = choice;
}

export function chooseLanguage(choice: Language): void {
  localStorage.setItem(languageKey, choice);
  language.value = choice;
}

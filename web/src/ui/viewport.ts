// The window's size, as far as the layout depends on it.
import { signal } from '@preact/signals';

const phone = matchMedia('(max-width: 760px)');

// narrow is true if the layout is the one for phones.
export const narrow = signal(phone.matches);
phone.addEventListener('change', () => {
  narrow.value = phone.matches;
});

// The current time, for showing ages. It stands still while the page is hidden.
import { signal } from '@preact/signals';

export const now = signal(Date.now());
export const visible = signal(document.visibilityState === 'visible');

let timer = 0;

function tick(): void {
  now.value = Date.now();
}

function follow(): void {
  visible.value = document.visibilityState === 'visible';
  clearInterval(timer);
  if (!visible.value) return;
  tick();
  timer = window.setInterval(tick, 10_000);
}

document.addEventListener('visibilitychange', follow);
follow();

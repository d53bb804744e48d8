// xterm.js writes style sheets into <style> elements, which the Content-Security-Policy refuses. Their text goes into
// constructed style sheets instead, which no policy needs to allow.
import text from '@xterm/xterm/css/xterm.css';

// withStyles runs f, in which xterm makes its elements, and returns what takes their style sheets away.
export function withStyles(f: () => void): () => void {
  const sheets: CSSStyleSheet[] = [sheetOf(text)];
  const original = document.createElement;
  document.createElement = function create(this: Document, name: string, options?: ElementCreationOptions) {
    const element = original.call(this, name, options);
    if (name.toLowerCase() === 'style') redirect(element, sheets);
    return element;
  } as typeof document.createElement;
  try {
    f();
  } finally {
    document.createElement = original;
  }
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
}

function sheetOf(css: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return sheet;
}

function redirect(element: HTMLElement, sheets: CSSStyleSheet[]): void {
  const sheet = sheetOf('');
  sheets.push(sheet);
  Object.defineProperty(element, 'textContent', {
    get: () => '',
    set: (css: string) => sheet.replaceSync(css),
  });
}

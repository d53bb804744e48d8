// xterm.js writes style sheets into <style> elements and colours into style attributes, both of which the Content-Security-Policy
// refuses. Constructed style sheets and the elements' style objects need no permission: the sheets' text and the attributes' values go
// there instead.
import text from '@xterm/xterm/css/xterm.css';

// redirectStyles redirects all style sheets and attributes that are created from now on: xterm creates some when it opens, and more on
// scrolling and selecting. The returned function stops it and removes the style sheets.
export function redirectStyles(): () => void {
  const sheets: CSSStyleSheet[] = [sheetOf(text)];
  const original = document.createElement;
  document.createElement = function create(this: Document, name: string, options?: ElementCreationOptions) {
    const element = original.call(this, name, options);
    if (name.toLowerCase() === 'style') redirect(element, sheets);
    return element;
  } as typeof document.createElement;
  const setAttribute = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function set(this: Element, name: string, value: string) {
    if (name === 'style' && this instanceof HTMLElement) this.style.cssText = value;
    else setAttribute.call(this, name, value);
  };
  return () => {
    document.createElement = original;
    Element.prototype.setAttribute = setAttribute;
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

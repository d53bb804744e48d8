// A line's text with its colours. Escape sequences become elements with classes, never markup.
import Anser from 'anser';

// Most lines have no escape character, and are rendered as they are.
export function Colored({ text }: { text: string }) {
  if (!text.includes('\u001b')) return <bdi>{text}</bdi>;
  return (
    <bdi>
      {Anser.ansiToJson(text, { json: true, remove_empty: true, use_classes: true }).map((part, i) => {
        const classes = [named(part.fg), part.bg ? `${named(part.bg)}-bg` : '', ...part.decorations.map((d) => `ansi-${d}`)];
        return (
          <span key={i} class={classes.filter((c) => c !== '' && c !== '-bg').join(' ')}>
            {part.content}
          </span>
        );
      })}
    </bdi>
  );
}

// named keeps only the sixteen named colours, which follow the theme: another colour could be unreadable in one of them.
const named = (color: string | null): string => (color && /^ansi-(bright-)?(black|red|green|yellow|blue|magenta|cyan|white)$/.test(color) ? color : '');

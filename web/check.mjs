// Rules that the type checker lacks: no `any`, no file over 250 lines, no markup built from strings.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = join(dirname(fileURLToPath(import.meta.url)), 'src');
const faults = [];
const rules = [
  [/(:|<|\bas|\|)\s*any\b/, 'says any'],
  [/\b(innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write)\b/, 'makes markup of a string'],
  [/@ts-(ignore|nocheck)/, 'switches the type checker off'],
];

for (const name of readdirSync(src, { recursive: true })) {
  if (!/\.(tsx?|css)$/.test(name)) continue;
  const lines = readFileSync(join(src, name), 'utf8').split('\n');
  const generated = lines[0]?.includes('Code generated');
  if (!generated && !name.endsWith('.css') && lines.length > 251) faults.push(`${name} has ${lines.length} lines: split it`);
  lines.forEach((line, i) => {
    for (const [pattern, fault] of rules) {
      if (pattern.test(line.replace(/\/\/.*/, ''))) faults.push(`${name}:${i + 1} ${fault}`);
    }
  });
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

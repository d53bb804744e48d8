// Runs every src/**/*.test.ts with node's test runner, after bundling it with esbuild.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

function testsBelow(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return testsBelow(path);
    return name.endsWith('.test.ts') ? [path] : [];
  });
}

const out = mkdtempSync(join(tmpdir(), 'wharf-web-'));
try {
  const tests = testsBelow(join(here, 'src'));
  if (tests.length === 0) throw new Error('no tests found');
  await build({
    absWorkingDir: here, entryPoints: tests, outdir: out, outExtension: { '.js': '.mjs' }, entryNames: '[dir]/[name]',
    bundle: true, format: 'esm', platform: 'node', target: 'es2022', jsx: 'automatic', jsxImportSource: 'preact', logLevel: 'warning',
  });
  const files = readdirSync(out, { recursive: true }).filter((name) => name.endsWith('.test.mjs')).map((name) => join(out, name));
  process.exitCode = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}

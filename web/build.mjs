// Builds src into dist: hashed assets and index.html, each only as .gz and .br, which is how they are served.
// usage: node build.mjs [--watch]
import { context } from 'esbuild';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from './dev.mjs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const watch = process.argv.includes('--watch');
// A watching build isn't minified, so it goes to another directory, which is never embedded.
const dist = join(here, watch ? '.watch' : 'dist');

// page is the only document. All its parts are files from this origin: no inline script, no inline style.
const page = (script, style) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>wharf</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%233451b2'/%3E%3Cpath d='M4 5v3.5a4 4 0 0 0 8 0V5M8 4v8.4' fill='none' stroke='%23fff' stroke-width='1.6' stroke-linecap='round'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/ui/assets/${style}">
<script type="module" src="/ui/assets/${script}"></script>
</head>
<body><div id="page"><div class="boot">wharf</div></div><noscript>wharf's page needs JavaScript. The API doesn't: see /docs.</noscript></body>
</html>
`;

// write writes a file in both encodings.
function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: watch ? 4 : 11 } }));
}

const emit = {
  name: 'emit',
  setup(build) {
    build.onEnd((result) => {
      if (result.errors.length > 0) return;
      rmSync(dist, { recursive: true, force: true });
      let script = '';
      let style = '';
      for (const [path, output] of Object.entries(result.metafile.outputs)) {
        if (output.entryPoint === 'src/main.tsx') script = basename(path);
        if (output.entryPoint === 'src/style.css') style = basename(path);
      }
      let bytes = 0;
      for (const file of result.outputFiles) {
        write(join(dist, 'assets', basename(file.path)), file.contents);
        bytes += gzipSync(file.contents).length;
      }
      write(join(dist, 'index.html'), page(script, style));
      console.log(`web: ${result.outputFiles.length} files, ${(bytes / 1000).toFixed(1)} kB gzip`);
      if (process.env.WEB_META) writeFileSync(process.env.WEB_META, JSON.stringify(result.metafile));
    });
  },
};

// texts loads the style sheets of modules as text: src/terminal/styles.ts puts them into constructed style sheets.
const texts = {
  name: 'texts',
  setup(build) {
    build.onLoad({ filter: /node_modules.*\.css$/ }, ({ path }) => ({ contents: readFileSync(path, 'utf8'), loader: 'text' }));
  },
};

const building = await context({
  absWorkingDir: here,
  entryPoints: ['src/main.tsx', 'src/style.css'],
  outdir: 'dist/assets',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: !watch,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  metafile: true,
  write: false,
  logLevel: 'warning',
  plugins: [texts, emit],
});

if (watch) {
  await building.watch();
  serve(dist);
} else {
  try {
    await building.rebuild();
  } catch {
    process.exitCode = 1; // esbuild has printed the error
  }
  await building.dispose();
}

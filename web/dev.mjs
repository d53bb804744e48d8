// A server for developing the page: it serves dist on 127.0.0.1:9084 and forwards everything else to a running wharf, as one origin.
// WHARF is that wharf's address, PAGE the address to listen on.
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { join } from 'node:path';

const wharf = new URL(process.env.WHARF ?? 'http://127.0.0.1:9083');
const here = new URL(process.env.PAGE ?? 'http://127.0.0.1:9084');
const types = { '.js': 'text/javascript', '.css': 'text/css' };

export function serve(dist) {
  createServer((req, res) => {
    const path = new URL(req.url, here).pathname;
    if (path === '/' || path.startsWith('/ui/')) sendFile(dist, path, res);
    else pass(req, res);
  }).listen(here.port, here.hostname, () => console.log(`web: ${here.href} shows the page, with the API of ${wharf.href}`));
}

function sendFile(dist, path, res) {
  const asset = path.startsWith('/ui/assets/');
  try {
    const content = readFileSync(join(dist, asset ? join('assets', path.slice('/ui/assets/'.length)) : 'index.html') + '.gz');
    const type = asset ? types[/\.\w+$/.exec(path)?.[0]] : 'text/html';
    res.writeHead(200, { 'Content-Type': `${type}; charset=utf-8`, 'Content-Encoding': 'gzip', 'Cache-Control': 'no-store' });
    res.end(content);
  } catch {
    res.writeHead(404).end();
  }
}

function pass(req, res) {
  const onward = request({ host: wharf.hostname, port: wharf.port, method: req.method, path: req.url, headers: req.headers }, (answer) => {
    res.writeHead(answer.statusCode, answer.headers);
    answer.pipe(res);
  });
  onward.on('error', () => res.destroy());
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}

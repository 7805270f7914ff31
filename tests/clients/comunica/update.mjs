// An update over HTTP with a token, as a program writes it: update.mjs ADDRESS TOKEN, the update on standard input.
// The command of Comunica has no option for headers of its own.
import { readFileSync } from 'node:fs';
import { QueryEngine } from '@comunica/query-sparql';

const [address, token] = process.argv.slice(2);
const destination = { type: 'sparql', value: address };

/** Fetch with the token. */
function authorized(input, init) {
  const headers = new Headers(init?.headers);
  headers.set('Authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
}

await new QueryEngine().queryVoid(readFileSync(0, 'utf-8'), {
  sources: [destination],
  destination,
  fetch: authorized,
});

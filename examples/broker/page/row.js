// A row of the table: one server, and what is known about it so far.

import { host } from './findings.js';

export function addRow(server) {
  const { url, transport } = server;
  const row = document.querySelector('#row').content.firstElementChild.cloneNode(true);
  const find = (selector) => row.querySelector(selector);
  Object.assign(row.dataset, { url, transport });
  find('th span').textContent = kind(server);
  find('code').textContent = url;
  document.querySelector('tbody').append(row);
  return {
    wait: (words) => (find('td span').textContent = words),
    show({ verdict, label, words, direct, relayed }) {
      row.dataset.verdict = verdict;
      find('strong').textContent = label ?? NAMES[verdict];
      find('td span').textContent = words;
      list(find('details'), [direct, relayed].filter(Boolean));
    },
  };
}

function kind({ isTurn, host, transport, tried }) {
  if (!host) return 'Unknown';
  const words = `${isTurn ? 'TURN' : 'STUN'} over ${transport.toUpperCase()}`;
  return transport === tried ? words : `${words}, tried over ${tried.toUpperCase()}`;
}

const NAMES = { works: 'works', partly: 'works in part', fails: 'fails' };

function list(details, calls) {
  const candidates = calls.flatMap(({ candidates }) => candidates);
  details.hidden = !candidates.length;
  details.querySelector('summary').textContent = `Candidates: ${candidates.length}`;
  details.querySelector('ul').replaceChildren(
    ...candidates.map((candidate) => {
      const item = document.createElement('li');
      const { type, protocol, relayProtocol, ms } = candidate;
      item.textContent = `${type} ${host(candidate)} ${relayProtocol ?? protocol}, ${ms} ms`;
      return item;
    }),
  );
}

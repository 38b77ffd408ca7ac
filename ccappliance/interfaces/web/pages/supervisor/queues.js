// Who waits, in the order of the house; dragged to an agent or another queue, or moved by the controls of his row.

import { path, post } from '../api.js';
import { t } from '../i18n.js';
import { html, useState } from '../lib/ui.js';
import { clock, stateWord, useActs } from './parts.js';

const STEP = 60; // s of boost for one press

export function Queues({ floor, session, explain }) {
  const [said, act] = useActs();
  const [dragged, setDragged] = useState('');
  const may = session.scopes.includes('queues:write');
  const entry = (call, verb, body) => act(verb, post(path('entries', call, verb), body));
  const assign = (call, agent) => entry(call, 'assign', { agent });
  const move = (call, queue) => entry(call, 'move', { queue });
  const boost = (row, by) => act(by > 0 ? 'up' : 'down', post(path('entries', row.call, 'priority'), { boost: row.boost + by }));
  const rank = (row, order) => act('class', post(path('entries', row.call, 'priority'), { order_class: order }));
  // A place onto which somebody can be dropped.
  const target = (take) => (may && dragged ? {
    onDragOver: (event) => event.preventDefault(),
    onDrop: (event) => { event.preventDefault(); take(dragged); setDragged(''); } } : {});

  return html`<section class="sup-split" aria-label=${t('sup.queues')}>
    <div>${may && html`<p class="faint">${t('sup.drag')}</p>`}${said}
      ${floor.queues.map((queue) => html`<div class="sup-queue" key=${queue.name} data-queue=${queue.name}
          ...${target((call) => move(call, queue.name))}>
        <h3>${queue.label || queue.name} · ${queue.waiting}</h3>
        ${queue.entries.length === 0 ? html`<p class="faint">${t('sup.nobody_waits')}</p>` : html`<table class="sup-wide"><thead><tr>
          ${['position', 'caller', 'waited', 'class', 'boost', 'demand', 'ringing', 'actions'].map((name) => html`
            <th scope="col" key=${name}>${t(`sup.${name}`)}</th>`)}</tr></thead>
          <tbody>${queue.entries.map((row) => html`<tr key=${row.call} draggable=${may} data-call=${row.call}
              onDragStart=${(event) => { event.dataTransfer.setData('text/plain', row.call); setDragged(row.call); }}
              onDragEnd=${() => setDragged('')}>
            <td>${row.position}</td><td>${row.calling} ${row.name}</td><td>${clock(row.waited)}</td><td>${row.order_class}</td>
            <td>${row.boost}</td><td>${row.demand}</td><td>${row.ringing.join(', ')}</td>
            <td class="sup-verbs">${may && html`
              <button type="button" class="sup-verb" data-verb="up" onClick=${() => boost(row, STEP)}>${t('sup.up')}</button>
              <button type="button" class="sup-verb" data-verb="down" onClick=${() => boost(row, -STEP)}>${t('sup.down')}</button>
              <${Choice} label="assign" options=${queue.members.filter((one) => one.state !== 'logged_out').map((one) => [one.agent, `${one.agent} ${one.name}`])}
                onChoose=${(agent) => assign(row.call, agent)} />
              <${Choice} label="move" options=${floor.queues.filter((one) => one.name !== queue.name).map((one) => [one.name, one.label || one.name])}
                onChoose=${(name) => move(row.call, name)} />
              <${Choice} label="class" options=${[0, 1, 2, 3, 4, 5].map((order) => [order, String(order)])} onChoose=${(order) => rank(row, Number(order))} />`}
              <button type="button" class="plain" onClick=${() => explain(row.call)}>${t('sup.explain')}</button></td></tr>`)}
          </tbody></table>`}</div>`)}</div>
    <aside aria-label=${t('sup.agents')}>${floor.agents.filter((agent) => agent.state !== 'logged_out').map((agent) => html`
      <div key=${agent.number} class=${`sup-card sup-state-${agent.state}`} data-agent=${agent.number} ...${target((call) => assign(call, agent.number))}>
        ${agent.number} ${agent.name}<br /><strong>${stateWord(agent.state)}</strong> · ${clock(agent.since)}</div>`)}</aside>
  </section>`;
}

// A choice that acts when something is chosen with it, and shows its own name again: by keyboard, Enter confirms.
function Choice({ label, options, onChoose }) {
  const [chosen, setChosen] = useState('');
  if (!options.length) return null;
  return html`<span class="sup-choice"><select aria-label=${t(`sup.${label}`)} data-choice=${label} value=${chosen}
      onChange=${({ target }) => setChosen(target.value)}>
      <option value="">${t(`sup.${label}`)}</option>
      ${options.map(([value, words]) => html`<option key=${value} value=${value}>${words}</option>`)}</select>
    ${chosen !== '' && html`<button type="button" class="sup-verb" data-verb=${label} onClick=${() => { onChoose(chosen); setChosen(''); }}>↵</button>`}</span>`;
}

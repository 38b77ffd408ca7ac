// The wallboard: the floor's figures, large, marked by colour and by word, each with its definition and its calls.

import { t } from '../i18n.js';
import { html, useRef } from '../lib/ui.js';
import { clock, Figure, percent, stateWord } from './parts.js';

const STATES = ['ready', 'reserved', 'ringing', 'talking', 'hold', 'wrapup', 'paused', 'line_fault', 'logged_out'];

// "good", "warning" or "alarm"; `below`: little is bad.
function level(value, warning, alarm, below = false) {
  if (value === null || value === undefined) return '';
  if (below ? value < alarm : value >= alarm) return 'alarm';
  return (below ? value < warning : value >= warning) ? 'warning' : 'good';
}

export function Wallboard({ floor, limits, open }) {
  const board = useRef(null);
  const { status, queues, agents } = floor;
  const today = status.today;
  const longest = Math.max(0, ...queues.map((queue) => queue.longest_wait));
  const served = today.offered ? today.service_level : null;
  const is = { waiting: (value) => level(value, limits.waiting_warning, limits.waiting_alarm),
    wait: (value) => level(value, limits.wait_warning, limits.wait_alarm),
    share: (value) => level(value, limits.level_warning, limits.level_alarm, true) };
  const definition = (name, values) => t(`sup.def.${name}`, values);
  const worst = queues.reduce((found, queue) => (queue.waiting > found ? queue.waiting : found), 0);
  return html`<section class="sup-board" ref=${board} aria-label=${t('sup.wallboard')}>
    <button type="button" class="plain sup-full" onClick=${() => (document.fullscreenElement
      ? document.exitFullscreen() : board.current.requestFullscreen())}>${t('sup.full')}</button>
    <div class="sup-figures">
      <${Figure} name="waiting" value=${status.waiting} level=${is.waiting(worst)} definition=${definition('waiting')} onOpen=${() => open('queues')} />
      <${Figure} name="longest" value=${clock(longest)} level=${is.wait(longest)} definition=${definition('longest')} onOpen=${() => open('queues')} />
      <${Figure} name="level" value=${percent(served)} level=${is.share(served)}
        definition=${definition('level', { is: status.service_level_is })} onOpen=${() => open('calls', {})} />
      <${Figure} name="abandoned" value=${today.abandoned} definition=${definition('abandoned')} onOpen=${() => open('calls', {})} />
      <${Figure} name="answered" value=${today.answered} definition=${definition('answered')} onOpen=${() => open('calls', {})} />
      <${Figure} name="offered" value=${today.offered} definition=${definition('offered')} onOpen=${() => open('calls', {})} />
      <${Figure} name="calls_now" value=${status.calls} definition=${definition('calls_now')} onOpen=${() => open('agents')} />
    </div>
    <h2>${t('sup.states')}</h2>
    <ul class="sup-states">${STATES.map((state) => html`<li key=${state} class=${`sup-state-${state}`}>
      <strong>${agents.filter((agent) => agent.state === state).length}</strong> ${stateWord(state)}</li>`)}</ul>
    <table class="sup-wide"><thead><tr>
      ${['queue', 'waiting', 'longest', 'level', 'abandoned', 'offered', 'answered', 'asa', 'ready', 'busy', 'paused'].map((name) => html`
        <th scope="col" key=${name}>${t(`sup.${name}`)}</th>`)}</tr></thead>
      <tbody>${queues.map((queue) => html`<tr key=${queue.name}>
        <th scope="row"><button type="button" class="plain" onClick=${() => open('calls', { queue: queue.name })}>${queue.label || queue.name}</button></th>
        <${Marked} value=${queue.waiting} level=${is.waiting(queue.waiting)} />
        <${Marked} value=${clock(queue.longest_wait)} level=${is.wait(queue.longest_wait)} />
        <${Marked} value=${percent(queue.service_level)} level=${is.share(queue.service_level)} about=${queue.service_level_is} />
        <td>${queue.abandoned}</td><td>${queue.offered}</td><td>${queue.answered}</td>
        <td>${queue.average_wait === null ? '–' : clock(queue.average_wait)}</td>
        <td>${queue.agents_ready}</td><td>${queue.agents_busy}</td><td>${queue.agents_paused}</td></tr>`)}</tbody></table>
  </section>`;
}

const Marked = ({ value, level: mark, about }) => html`<td class=${mark} title=${about}>${value}
  ${mark && mark !== 'good' ? html` <small>${t(`sup.${mark}`)}</small>` : null}${about ? html`<br /><small>${about}</small>` : null}</td>`;

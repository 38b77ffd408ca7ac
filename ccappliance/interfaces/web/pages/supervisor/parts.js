// Small parts the supervisor's views share: times, figures with their definition, verbs that ask twice, days.

import { t, tError } from '../i18n.js';
import { html, useEffect, useState } from '../lib/ui.js';

// 65 → "1:05"
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (number) => String(number).padStart(2, '0');
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
export const percent = (share) => (share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)} %`);
export const stateWord = (state) => t(`sup.state.${state}`);

// Today as this browser's calendar has it, or so many days before.
export function day(before = 0) {
  const at = new Date(Date.now() - before * 86400000);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`;
}

// A figure that tells its definition when it is pointed at or focused, and leads to its calls when it is pressed.
export const Figure = ({ name, value, definition, level = '', onOpen }) => html`
  <button type="button" class=${`sup-figure ${level}`} onClick=${onOpen} data-figure=${name}>
    <span class="sup-label">${t(`sup.${name}`)}</span>
    <span class="sup-value">${value}</span>
    <span class="sup-word">${level ? t(`sup.${level}`) : '\u00a0'}</span>
    <span class="sup-definition" role="tooltip">${definition}</span>
  </button>`;

// A button for what cannot be undone: the first press asks, the second does; it forgets after five seconds.
export function Twice({ verb, onDo }) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return undefined;
    const timer = setTimeout(() => setAsked(false), 5000);
    return () => clearTimeout(timer);
  }, [asked]);
  return html`<button type="button" class=${`sup-verb ${asked ? 'danger' : ''}`} data-verb=${verb}
    onClick=${() => { setAsked(!asked); if (asked) onDo(); }}>
    ${asked ? t('sup.sure', { verb: t(`sup.${verb}`) }) : t(`sup.${verb}`)}</button>`;
}

export const Verb = ({ verb, onDo }) => html`<button type="button" class="sup-verb" data-verb=${verb} onClick=${onDo}>${t(`sup.${verb}`)}</button>`;

// What was asked and what came of it, for one view: [said, act]. `act(verb, promise)` tells how it ended.
export function useActs() {
  const [said, setSaid] = useState({ text: '', wrong: false });
  async function act(verb, promise) {
    try {
      const answer = await promise;
      setSaid({ text: t(answer.at_once === false ? 'sup.later' : 'sup.done', { verb: t(`sup.${verb}`) }), wrong: false });
    } catch (error) {
      setSaid({ text: tError(error), wrong: true });
    }
  }
  return [html`<p class=${said.wrong ? 'wrong' : 'sup-said'} role="status">${said.text}</p>`, act, setSaid];
}

// Rows that are asked for: [rows or null, error's words, ask]. A later question's answer is never overtaken by an earlier's.
export function useRows() {
  const [state, setState] = useState({ rows: null, wrong: '' });
  const [turn] = useState({ number: 0 });
  async function ask(question, before = []) {
    const mine = ++turn.number;
    try {
      const rows = await question();
      if (mine === turn.number) setState({ rows: [...before, ...rows], wrong: '' });
    } catch (error) {
      if (mine === turn.number) setState({ rows: before.length ? before : null, wrong: tError(error) });
    }
  }
  return [state.rows, state.wrong, ask];
}

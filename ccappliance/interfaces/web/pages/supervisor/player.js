// A recording's player: sound by HTTP ranges, the waveform of both channels, speed, and comments at a time mark.

import { get, path, post } from '../api.js';
import { t, tError } from '../i18n.js';
import { html, useEffect, useRef, useState } from '../lib/ui.js';
import { clock } from './parts.js';

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
const POINTS = 800, HEIGHT = 48; // of one channel in the picture
const MARK = /^\[(?:(\d+):)?(\d+):(\d\d)\] /; // how a comment says when: "[1:05] …"

const seconds = (mark) => Number(mark[1] ?? 0) * 3600 + Number(mark[2]) * 60 + Number(mark[3]);

// A filled outline, mirrored about the middle of its channel.
function outline(peaks, middle) {
  if (!peaks.length) return '';
  const x = (at) => ((at + 0.5) * POINTS / peaks.length).toFixed(1);
  const y = (peak, sign) => (middle + sign * peak / 1000 * HEIGHT / 2).toFixed(1);
  const above = peaks.map((peak, at) => `${x(at)},${y(peak, -1)}`);
  const below = peaks.map((peak, at) => `${x(at)},${y(peak, 1)}`).reverse();
  return `M${[...above, ...below].join('L')}Z`;
}

export function Player({ call, session }) {
  const [found, setFound] = useState([]);
  const [chosen, setChosen] = useState(null);
  const [wave, setWave] = useState(null);
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [notes, setNotes] = useState(call.notes);
  const [wrong, setWrong] = useState('');
  const sound = useRef(null);

  useEffect(() => {
    get('/recordings', { call: call.id }).then((rows) => { setFound(rows); setChosen(rows[0]?.id ?? null); },
      (error) => setWrong(tError(error)));
  }, [call.id]);
  useEffect(() => {
    let over = false;
    setWave(null);
    setAt(0);
    if (chosen) {
      get(`${path('recordings', chosen)}/peaks`, { points: POINTS }).then(
        (peaks) => { if (!over) setWave(peaks); }, (error) => { if (!over) setWrong(tError(error)); });
    }
    return () => { over = true; };
  }, [chosen]);
  useEffect(() => { if (sound.current) sound.current.playbackRate = speed; }, [speed, chosen]);

  function seek(to) {
    const end = wave?.seconds ?? 0;
    sound.current.currentTime = Math.min(end, Math.max(0, to));
    setAt(sound.current.currentTime);
  }
  const keys = { ArrowLeft: -5, ArrowRight: 5, PageUp: -30, PageDown: 30 };
  function onKey(event) {
    if (event.key in keys) { event.preventDefault(); seek(at + keys[event.key]); }
    if (event.key === ' ') { event.preventDefault(); if (sound.current.paused) sound.current.play(); else sound.current.pause(); }
  }
  async function comment(event) {
    event.preventDefault();
    const form = event.target, text = new FormData(form).get('text');
    try {
      await post(`${path('calls', call.id)}/notes`, { text: `[${clock(at)}] ${text}` });
      setNotes((await get(path('calls', call.id))).notes ?? []);
      form.reset();
    } catch (error) { setWrong(tError(error)); }
  }

  return html`<div class="sup-player">
    <p class="wrong" role="alert">${wrong}</p>
    ${found.length > 1 && html`<select aria-label=${t('sup.recordings')} value=${chosen} onChange=${({ target }) => setChosen(target.value)}>
      ${found.map((row) => html`<option key=${row.id} value=${row.id}>${row.started_at} · ${clock(row.seconds)}</option>`)}</select>`}
    ${chosen === null ? html`<p>${t('sup.no_sound')}</p>` : html`
      <audio ref=${sound} controls preload="metadata" src=${`/api/v1${path('recordings', chosen)}/sound`}
        onTimeUpdate=${({ target }) => setAt(target.currentTime)} onLoadedMetadata=${({ target }) => { target.playbackRate = speed; }}></audio>
      <label class="sup-inline">${t('sup.speed')}<select name="speed" value=${speed} onChange=${({ target }) => setSpeed(Number(target.value))}>
        ${SPEEDS.map((one) => html`<option key=${one} value=${one}>${one}×</option>`)}</select></label>
      ${wave && html`<div class="sup-wave"><div class="faint">${t('sup.customer')}</div><div class="faint">${t('sup.heard')}</div>
        <svg viewBox=${`0 0 ${POINTS} ${2 * HEIGHT}`} preserveAspectRatio="none" role="slider" tabindex="0" aria-label=${t('sup.position_s')}
          aria-valuemin="0" aria-valuemax=${Math.round(wave.seconds)} aria-valuenow=${Math.round(at)} aria-valuetext=${clock(at)} onKeyDown=${onKey}
          onClick=${(event) => { const box = event.currentTarget.getBoundingClientRect(); seek((event.clientX - box.left) / box.width * wave.seconds); }}>
          <path class="sup-customer" d=${outline(wave.customer, HEIGHT / 2)} /><path class="sup-heard" d=${outline(wave.heard, 1.5 * HEIGHT)} />
          ${wave.seconds > 0 && html`<line class="sup-now" x1=${at / wave.seconds * POINTS} x2=${at / wave.seconds * POINTS} y1="0" y2=${2 * HEIGHT} />`}
        </svg></div>
        <p class="faint">${clock(at)} / ${clock(wave.seconds)}</p>`}`}
    <ul class="sup-notes">${notes.map((note, number) => {
      const mark = MARK.exec(note.text);
      return html`<li key=${number}>${mark && chosen && html`<button type="button" class="plain" onClick=${() => seek(seconds(mark))}>${clock(seconds(mark))}</button> `}
        ${mark ? note.text.slice(mark[0].length) : note.text} <small class="faint">${note.by}</small></li>`;
    })}</ul>
    ${session.scopes.includes('calls:write') && html`<form class="sup-comment" onSubmit=${comment}>
      <label>${t('sup.comment')} ${clock(at)}<input name="text" required maxlength="500" /></label><button>${t('sup.write')}</button></form>`}
  </div>`;
}

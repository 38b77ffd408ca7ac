// Why a call went as it did: the house's own explanation, line by line, as text.

import { get, path } from '../api.js';
import { language, t, tError } from '../i18n.js';
import { html, useEffect, useRef, useState } from '../lib/ui.js';

export function Explain({ call, onClose }) {
  const [events, setEvents] = useState(null);
  const [wrong, setWrong] = useState('');
  const dialog = useRef(null);
  const words = language() === 'en' ? 'en' : 'zh';
  useEffect(() => {
    let over = false;
    if (!dialog.current.open) dialog.current.showModal();
    get(`${path('calls', call)}/explanation`, { language: words }).then(
      (found) => { if (!over) setEvents(found); }, (error) => { if (!over) setWrong(tError(error)); });
    return () => { over = true; };
  }, [call, words]);
  return html`<dialog class="sup-explain" ref=${dialog} onClose=${onClose} aria-label=${t('sup.explain')}>
    <h2>${t('sup.explain')} · ${call}</h2>
    <p class="wrong" role="alert">${wrong}</p>
    <ol>${(events ?? []).map(({ lines }, number) => html`<li key=${number}>${lines.map((line, at) => html`<div key=${at}>${line}</div>`)}</li>`)}</ol>
    <button type="button" autofocus onClick=${() => dialog.current.close()}>${t('sup.close')}</button></dialog>`;
}

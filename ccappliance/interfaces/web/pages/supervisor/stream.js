// A stream of the door as a hook: its newest item, and whether it is to be trusted.

import { useEffect, useState } from '../lib/ui.js';

const AGAIN = 1000; // ms until a stream that has broken off is asked for again
const STALE = 2000; // ms without an item: what is drawn is old, and says so

// → [item or null, fresh]
export function useStream(where) {
  const [item, setItem] = useState(null);
  const [fresh, setFresh] = useState(true);
  useEffect(() => {
    let socket = null, again = 0, silent = 0, over = false;
    const hope = () => { clearTimeout(silent); silent = setTimeout(() => setFresh(false), STALE); };
    function open() {
      socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1${where}`);
      socket.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.item === undefined) return;
        setItem(message.item);
        setFresh(true);
        hope();
      };
      socket.onclose = () => { if (!over) again = setTimeout(open, AGAIN); };
    }
    open();
    hope();
    return () => { over = true; clearTimeout(again); clearTimeout(silent); socket.close(); };
  }, [where]);
  return [item, fresh];
}

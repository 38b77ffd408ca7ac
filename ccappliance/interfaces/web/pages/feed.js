// The feed: facts as they are written, over a WebSocket that comes back by itself and goes on where it was.

const FIRST = 500, LONGEST = 15000; // ms until it tries again; doubled each time, and spread so that desks do not come at once
const SIGNED_OUT = 4001;

// `told({hello, facts, state})`: `hello` when it (re)begins: without `resumed` its snapshot replaces what is known;
// `facts` in order; `state`: "open", "lost", "ended". Answers a function that ends it.
export function follow(told, { kinds = [] } = {}) {
  let seq = null, pause = FIRST, socket = null, timer = 0, over = false;

  function open() {
    const params = new URLSearchParams(kinds.map((kind) => ['kinds', kind]));
    if (seq !== null) params.set('since', String(seq));
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/v1/feed?${params}`);
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.hello) {
        if (!message.hello.resumed) seq = message.hello.seq;
        pause = FIRST;
        told({ hello: message.hello, state: 'open' });
      } else if (message.facts) {
        seq = message.facts[message.facts.length - 1].seq;
        told({ facts: message.facts });
      }
    };
    socket.onclose = ({ code }) => {
      if (over) return;
      if (code === SIGNED_OUT) { told({ state: 'ended' }); return; }
      told({ state: 'lost' });
      timer = setTimeout(open, pause * (0.5 + Math.random()));
      pause = Math.min(LONGEST, 2 * pause);
    };
  }

  open();
  return () => { over = true; clearTimeout(timer); socket?.close(); };
}

// The feed as a hook: what a screen knows is what the feed has told it, reduced message by message.

import { follow } from './feed.js';
import { useEffect, useState } from './lib/ui.js';

// `reduce(known, message)`: message is { hello } (a beginning: without hello.resumed its snapshot replaces what is known) or
// { facts } in order. Answers [known, connection]: "open", "lost" or "ended".
export function useFeed(reduce, initial, options = {}) {
  const [known, setKnown] = useState(initial);
  const [connection, setConnection] = useState('open');
  useEffect(() => follow((message) => {
    if (message.state) setConnection(message.state);
    if (message.hello || message.facts) setKnown((before) => reduce(before, message));
  }, options), []);
  return [known, connection];
}

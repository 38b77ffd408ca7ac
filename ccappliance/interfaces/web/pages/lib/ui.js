// What screens are made of: Preact's elements and hooks with HTM's templates, in one import.

import { createElement, Fragment, render } from './preact/index.js';
import htm from './htm/index.js';

export { Fragment, render };
export { useCallback, useEffect, useMemo, useReducer, useRef, useState } from './preact/hooks/index.js';
export const html = htm.bind(createElement);

export { render, hydrate } from './render.js';
export {
	createElement,
	createElement as h,
	Fragment,
	createRef,
	isValidElement
} from './create-element.js';
export { BaseComponent as Component } from './component.js';
export { cloneElement } from './clone-element.js';
export { createContext } from './create-context.js';
export { toChildArray } from './diff/children.js';
export { default as options } from './options.js';

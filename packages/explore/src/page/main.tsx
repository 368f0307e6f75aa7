import { render } from 'preact';
import { App } from './app.js';

const page = document.getElementById('page');
// The cookie has the token by now: it need not stand in the address, the history and what people copy.
if (location.search !== '') history.replaceState(null, '', `/${location.hash}`);
if (page !== null) render(<App />, page);

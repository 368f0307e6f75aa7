import { render } from 'preact';
import { App } from './app.js';
import './styles/main.css';

const page = document.getElementById('page');
// The cookie holds the token now. Remove it from the address, so that it is not copied along with a link.
if (location.search !== '') history.replaceState(null, '', `/${location.hash}`);
if (page !== null) render(<App />, page);

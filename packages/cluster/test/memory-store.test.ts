import { MemoryCluster } from '../src/memory/memory-port.js';
import { storeSuites } from './store-suites.js';

const cluster = new MemoryCluster();
storeSuites('the backend in memory', () => cluster);

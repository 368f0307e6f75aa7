/** What FORMAT says wrote a store. A test keeps it equal to package.json. */
export const ENGINE_NAME = '@sstitch/engine 0.1.0';

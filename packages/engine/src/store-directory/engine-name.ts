/** The name and version that FORMAT records. A test keeps it equal to package.json. */
export const ENGINE_NAME = '@sstitch/engine 0.1.0';

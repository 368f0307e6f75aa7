// Starts the user's browser as the system does it.
import { spawn } from 'node:child_process';

/** By platform; others have what Linux has. No shell looks at the address. */
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
const OTHERS = ['xdg-open'] as const;

/** Starts a browser, if there is one; it goes on without this process. */
export function startBrowser(url: string, note: (text: string) => void): void {
  const [command, ...words] = COMMANDS[process.platform] ?? OTHERS;
  const child = spawn(command, [...words, url], { stdio: 'ignore', detached: true });
  child.once('error', ({ message }) => note(`no browser was started: ${message}`));
  child.unref();
}

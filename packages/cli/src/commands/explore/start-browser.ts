// Starts the user's default browser by the system's command.
import { spawn } from 'node:child_process';

/** The command by platform. No shell interprets the address. */
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
const OTHERS = ['xdg-open'] as const;

/** Starts a browser, if there is one. It continues after this process ends. */
export function startBrowser(url: string, note: (text: string) => void): void {
  const [command, ...words] = COMMANDS[process.platform] ?? OTHERS;
  const child = spawn(command, [...words, url], { stdio: 'ignore', detached: true });
  child.once('error', ({ message }) => note(`no browser was started: ${message}`));
  child.unref();
}

// The results of `pnpm bench`, one sync replaced in a base of several, as tables.

/** How many sizes the README shows. */
const README_SIZES = 2;

/** The page: for each shape a table of all peers. */
export function replacePage({ runs }, aboutLine) {
  const sections = runs.map((run) => {
    const link = run.peers.find(({ name }) => name === 'link');
    const rows = measuredPeers(run).map((peer) =>
      line([
        peer.title,
        peer.version,
        milliseconds(peer.firstMs),
        ratio(peer.firstMs, link?.firstMs),
        milliseconds(peer.secondMs),
        ratio(peer.secondMs, link?.secondMs),
        milliseconds(peer.firstOfProcessMs),
        peer.rounds,
      ]),
    );
    const missing = run.peers.filter(({ firstMs }) => firstMs === undefined);
    return `## ${count(run.grants)} grants, ${run.syncs} syncs

${count(run.sourceEntries)} entries replace one sync of a base of ${count(run.baseEntries)} entries.

| | version | first | × link | second | × link | first of a process | rounds |
|---|---|---:|---:|---:|---:|---:|---:|
${rows.join('\n')}

${missing.map(({ title, notMeasured }) => `Not measured: ${title}: ${firstLine(notMeasured)}.\n\n`).join('')}${aboutLine(run)}
`;
  });
  return `Medians. *First*: the sync is replaced for the first time in a base that was filled by batches and settled. *Second*: it is replaced again, by another version. *First of a process*: the first replacement that a new process makes. *Ready tables* were made before the clock started, as the tables of SSTitch's sources are. *Imported stores* were loaded in bulk.

${sections.join('\n')}`;
}

/** The README's table: the largest sizes of the smallest base. */
export function readmeTable(runs) {
  const fewest = Math.min(...runs.map(({ syncs }) => syncs));
  const shown = runs.filter(({ syncs }) => syncs === fewest).slice(-README_SIZES);
  const titles = new Map(
    shown.flatMap((run) => measuredPeers(run).map(({ name, title }) => [name, title])),
  );
  const header = shown.flatMap(({ grants }) => [`${count(grants)} grants, first`, 'second']);
  const rows = [...titles].map(([name, title]) => {
    const cells = shown.flatMap((run) =>
      ['firstMs', 'secondMs'].map((figure) => cell(run, name, figure)),
    );
    return line([title, ...cells]);
  });
  return `${line(['', ...header])}\n|---|${'---:|'.repeat(header.length)}\n${rows.join('\n')}\n`;
}

/** The databases that SSTitch is compared with, and their versions. */
export function replaceVersions(run) {
  const versions = new Map(
    measuredPeers(run)
      .filter(({ title }) => !title.startsWith('SSTitch'))
      .map(({ title, version }) => [title.split(',')[0], version]),
  );
  return [...versions].map((pair) => pair.join(' ')).join(', ');
}

/** The time of link, and how many times as long the others took. */
function cell(run, name, figure) {
  const figureOf = (wanted) => run.peers.find((peer) => peer.name === wanted)?.[figure];
  const own = figureOf(name);
  if (own === undefined) return '–';
  return name === 'link' ? `**${milliseconds(own)}**` : ratio(own, figureOf('link'));
}

function measuredPeers({ peers }) {
  return peers.filter(({ firstMs }) => firstMs !== undefined);
}

function ratio(own, link) {
  if (link === undefined) return '–';
  const value = own / link;
  return `${value.toFixed(value < 10 ? 1 : 0)} ×`;
}

function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;
}

function count(number) {
  return number.toLocaleString('en');
}

function firstLine(text) {
  return text.split('\n')[0].slice(0, 200);
}

function line(cells) {
  return `| ${cells.join(' | ')} |`;
}

import type { FilesShape, GenerationShape } from '../../shapes.js';
import { ListTable } from '../components/list-table.js';
import type { Route } from '../route.js';
import { bytesText, countText } from '../words.js';
import { Time } from './syncs-view.js';

/** Shows the generations on disk. */
export function GenerationsView({ route }: { readonly route: Route }) {
  return (
    <>
      <header class="title">
        <h1>Generations</h1>
        <p class="note">
          A commit lays out the next generation beside the current one, then switches CURRENT to it.
          A past generation stays on disk until its last reader closes. Generations share tables by
          hard links; added and removed files are those that differ from the generation before,
          while both are on disk.
        </p>
      </header>
      <ListTable<GenerationShape>
        {...{ route }}
        list="generations"
        parameters={{}}
        caption="On disk"
        empty="There is no generation."
        columns={[
          {
            title: 'Generation',
            cell: ({ name, isCurrent }) => (
              <>
                <span class="mono">{name}</span> {isCurrent && <span class="tag">current</span>}
              </>
            ),
          },
          { title: 'Laid out (UTC)', cell: ({ madeAt }) => <Time time={madeAt} /> },
          { title: 'Committed (UTC)', cell: ({ committedAt }) => <Time time={committedAt} /> },
          { title: 'Tables', isNumber: true, cell: ({ tables }) => countText(tables) },
          { title: 'Size', isNumber: true, cell: ({ bytes }) => bytesText(bytes) },
          {
            title: 'Added files',
            isNumber: true,
            cell: ({ changes }) => filesText(changes?.added),
          },
          {
            title: 'Removed files',
            isNumber: true,
            cell: ({ changes }) => filesText(changes?.removed),
          },
        ]}
      />
    </>
  );
}

function filesText(files: FilesShape | undefined): string {
  return files === undefined ? '–' : `${countText(files.files)}, ${bytesText(files.bytes)}`;
}

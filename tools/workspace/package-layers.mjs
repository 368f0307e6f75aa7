/**
 * The layers of each package with directories, lowest first; directories of one layer do not import each other. Every
 * directory may import the `ground`: modules beside the directories, and generated code, which import only each other.
 */
export const LAYERS = {
  sst: {
    layers: [
      ['encoding', 'files'],
      ['block'],
      ['filter'],
      ['table'],
      ['split', 'merge'],
      ['verify'],
    ],
    ground: ['assert.ts', 'compare-bytes.ts', 'errors.ts', 'hex.ts'],
  },
  pebble: {
    layers: [['encoding'], ['log'], ['manifest'], ['table'], ['read'], ['write']],
    ground: [
      ...['errors.ts', 'file-names.ts', 'file-sink.ts', 'input-file.ts'],
      ...['options.ts', 'write-options.ts'],
    ],
  },
  engine: {
    layers: [
      ['files'],
      ['threads'],
      ['leveldb'],
      ['tables'],
      ['store-directory'],
      ['commit', 'extract', 'copy'],
      ['build', 'verify'],
      ['store'],
      ['worker'],
    ],
    ground: ['check-options.ts', 'errors.ts', 'not-bytes.ts', 'spans.ts'],
  },
  // A backend imports the ground alone.
  cluster: {
    layers: [
      ['memory', 'cassandra', 'postgres'],
      ['log'],
      ['state'],
      ['runs'],
      ['protocol'],
      ['maintenance'],
      ['store'],
    ],
    ground: ['port.ts', 'connection.ts', 'clock.ts', 'errors.ts', 'refusal.ts', 'turns.ts'],
  },
  records: {
    layers: [
      ['encoding'],
      ['indexes', 'statistics'],
      ['load', 'read'],
      ['verify'],
      ['store'],
      ['transfer'],
    ],
    ground: ['gen', 'errors.ts', 'record-types.ts', 'timestamps.ts'],
  },
  c1z: {
    layers: [['envelope'], ['format1', 'format3'], ['process']],
    ground: [
      ...['gen', 'errors.ts', 'magic.ts', 'options.ts', 'private-file.ts', 'output-file.ts'],
      ...['record-pages.ts', 'sync-contents.ts', 'sync-writer.ts'],
    ],
  },
  lines: {
    layers: [['streams'], ['csv', 'json-lines']],
    ground: ['errors.ts'],
  },
  access: {
    layers: [['graph', 'holders', 'search'], ['derive'], ['expand', 'who']],
    ground: ['errors.ts', 'heap.ts'],
  },
  operations: {
    layers: [
      ['entries'],
      ['contents', 'diff'],
      ['versions', 'describe'],
      ['copy', 'prune'],
      ['merge'],
    ],
    ground: ['errors.ts', 'progress.ts'],
  },
  compactor: {
    layers: [['strategies']],
    ground: ['engines.ts', 'errors.ts', 'result.ts', 'span-reader.ts', 'sync-ranges.ts'],
  },
  testkit: {
    layers: [['conformance', 'metamorphic', 'synthetic', 'torture'], ['kill']],
    ground: ['errors.ts', 'model-state.ts'],
  },
  // The page runs in a browser: it imports the ground alone.
  explore: {
    layers: [['page', 'view'], ['questions'], ['server']],
    ground: ['errors.ts', 'page-files.ts', 'shapes.ts'],
  },
  cli: {
    layers: [
      ['output'],
      ['terminal'],
      ['command-line'],
      ['stores'],
      ['records'],
      ['operations'],
      ['reports', 'reference'],
      ['commands'],
    ],
    ground: ['advice.ts', 'errors.ts', 'exit-codes.ts'],
  },
  // No family imports another one.
  torture: {
    layers: [
      ['cases'],
      ['crash'],
      [
        ...['commits', 'corruption', 'faults', 'full-disk', 'fuzz', 'hostile'],
        ...['leveldb-faults', 'metamorphic', 'operation-kills', 'write-back'],
      ],
    ],
    ground: [],
  },
};

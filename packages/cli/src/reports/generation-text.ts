// The end of a sentence about a commit.

/** `, now at generation 7`; empty for a store on a cluster, which has no generations. */
export function generationText(generation: number | undefined): string {
  return generation === undefined ? '' : `, now at generation ${generation}`;
}

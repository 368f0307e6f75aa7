/**
 * Finds the strongly connected components of a directed graph, in an order in which every edge leads forward.
 *
 * Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972), with an explicit stack, because chains
 * of groups can be deeper than the call stack. It finds components in the opposite order, so the result is reversed.
 *
 * @param successors the successors of each vertex
 */
export function componentsInOrder(successors: readonly (readonly number[])[]): number[][] {
  const count = successors.length;
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const nextEdge = new Int32Array(count);
  const isOnStack = new Uint8Array(count);
  const stack: number[] = [];
  const components: number[][] = [];
  let visited = 0;

  const enter = (vertex: number): void => {
    order[vertex] = low[vertex] = visited++;
    stack.push(vertex);
    isOnStack[vertex] = 1;
  };
  const leave = (vertex: number): void => {
    if (low[vertex] !== order[vertex]) return;
    const component: number[] = [];
    for (let member = -1; member !== vertex; ) {
      member = stack.pop() ?? vertex;
      isOnStack[member] = 0;
      component.push(member);
    }
    components.push(component);
  };

  for (let root = 0; root < count; root++) {
    if (order[root] !== -1) continue;
    enter(root);
    const path = [root];
    for (let vertex = path.at(-1); vertex !== undefined; vertex = path.at(-1)) {
      const edge = nextEdge[vertex] ?? 0;
      nextEdge[vertex] = edge + 1;
      const next = successors[vertex]?.[edge];
      if (next === undefined) {
        leave(vertex);
        path.pop();
        const before = path.at(-1);
        if (before !== undefined) low[before] = Math.min(low[before] ?? 0, low[vertex] ?? 0);
      } else if (order[next] === -1) {
        enter(next);
        path.push(next);
      } else if (isOnStack[next] === 1) {
        low[vertex] = Math.min(low[vertex] ?? 0, order[next] ?? 0);
      }
    }
  }
  return components.reverse();
}

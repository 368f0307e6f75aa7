import { packageTests } from '@sstitch/build-config/vitest';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Runs the simulator first, the rest beside it: it computes for a minute, where others wait for time limits. */
class SimulatorFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSimulator = ({ moduleId }: TestSpecification) => moduleId.includes('/simulator/');
    const sorted = await super.sort(files);
    return [...sorted.filter(isSimulator), ...sorted.filter((file) => !isSimulator(file))];
  }
}

// Each file has a database server of its own, which its process stops.
export default packageTests({
  isolate: true,
  maxWorkers: 3,
  sequence: { sequencer: SimulatorFirst },
});

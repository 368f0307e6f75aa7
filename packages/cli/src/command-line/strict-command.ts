// Commander's command, but that an option with one value is refused when it is given again: commander takes
// the last one without a word.
import { Command, Option } from 'commander';

/** An option that collects what it is given, time after time. */
export class RepeatableOption extends Option {}

export class StrictCommand extends Command {
  override createCommand(name?: string): Command {
    return new StrictCommand(name);
  }

  override addOption(option: Option): this {
    super.addOption(option);
    if (option.required && !(option instanceof RepeatableOption)) {
      let isGiven = false;
      this.on(`option:${option.name()}`, () => {
        if (isGiven) this.error(`error: option '${option.flags}' is given more than once`);
        isGiven = true;
      });
    }
    return this;
  }
}

// A commander command that refuses a repeated option with one value: commander itself silently uses the last value.
import { Command, Option } from 'commander';

/** An option that may be repeated and collects its values. */
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

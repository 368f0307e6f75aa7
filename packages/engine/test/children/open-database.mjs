// Opens a plain LevelDB database, prints "open", and keeps it open until it is killed.
import { ClassicLevel } from 'classic-level';

const database = new ClassicLevel(process.argv[2]);
await database.open();
process.send('open');
setInterval(() => undefined, 1000);

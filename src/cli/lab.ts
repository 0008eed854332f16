import { main } from './labCommand';

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

import { readdir } from 'node:fs/promises';
import * as path from 'node:path';
import { systemClock } from '../base/clock';
import { ReaderError } from '../base/errors';
import { freshSeed } from '../base/random';
import type { ExerciseDefinition } from '../lab/exercise';
import { ExerciseCheck } from '../lab/exerciseCheck';
import { ConfProblems } from '../lab/labConf';
import { type ArmDefinition, defaultsOf, inLanguage, type LabDefinition, pageClientOf } from '../lab/labDefinition';
import { type FoundLab, findLabs, readLabFile } from '../lab/labFiles';
import { sendsMessage } from '../lab/labMessages';
import { LabRun } from '../lab/labRun';
import type { ConfSource } from '../protocol/balancerWorker';
import type { RunParams, RunResult } from '../protocol/run';
import { type CheckRequest, parseArguments, type RunRequest, UsageError } from './arguments';
import { problemLines, resultTable } from './tables';
import { verdictJson, verdictText } from './verdict';

/** Exit codes of design.md, "Command lines". */
const OK = 0;
const FAILED = 1;
const WRONG_ARGUMENTS = 2;

const root = path.resolve(__dirname, '..', '..');
const labsFolder = path.join(root, 'labs');
const workers = {
  balancer: path.join(root, 'dist', 'workers', 'balancer.js'),
  backend: path.join(root, 'dist', 'workers', 'backend.js'),
  traffic: path.join(root, 'dist', 'workers', 'traffic.js'),
  store: path.join(root, 'dist', 'workers', 'store.js'),
};

const USAGE = `Usage:
  lab list
  lab run <lab> [--arm ARM]... [--requests N] [--concurrency N] [--clients N] [--rate R]
          [--scenario S] [--protocol rest|grpc] [--message M] [--seed N] [--conf FILE]
          [--redis URL|auto|built-in] [--json]
  lab check <lab> <exercise> [--conf FILE | --message FILE] [--seed N] [--json]

  --arm          run only this arm (may be repeated; default: all)
  --requests     requests to send
  --concurrency  requests in flight at once
  --clients      client connections, where the arm keeps connections
  --rate         requests per second; 0: as fast as answers come
  --scenario     what happens during the run; default: the lab's first
  --protocol     for arms that exist over both
  --message      which of the lab's messages is sent; for a check, the file of the reader's message
  --seed         repeat a run
  --conf         run or check this configuration instead of the arm's, or the exercise's, own
  --redis        session store: a redis:// address, the lab's own (built-in), or a redis-server of this machine,
                 else the lab's own (auto, the default); the environment variable TRAFFIC_LAB_REDIS says the same
  --json         one JSON object for one arm or a check, an array for several arms

check sends traffic with that file (the exercise's own, as it starts, unless one is named) and says whether the exercise
is solved: exit 0 if it is, 1 if not. --conf where the exercise edits a configuration, --message where it edits a message.`;

/** The command line of the labs: the same runs as in the editor. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const request = parseArguments(argv);
    switch (request.command) {
      case 'help':
        print(USAGE);
        return OK;
      case 'list':
        return await list();
      case 'run':
        return await run(request);
      case 'check':
        return await check(request);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      complain(`lab: ${error.message}\n\n${USAGE}`);
      return WRONG_ARGUMENTS;
    }
    if (error instanceof ConfProblems) complain(problemLines(error.problems));
    else complain(`lab: ${error instanceof ReaderError || error instanceof Error ? error.message : String(error)}`);
    return FAILED;
  }
}

async function list(): Promise<number> {
  let code = OK;
  for (const lab of await allLabs()) {
    if (!lab.definition.ok) {
      complain(problemLines(lab.definition.error));
      code = FAILED;
      continue;
    }
    print(`${lab.id}\t${inLanguage(lab.definition.value.title, 'en')}`);
    for (const arm of lab.definition.value.arms) print(`  ${arm.id}\t${inLanguage(arm.title, 'en')}`);
    const scenarios = lab.definition.value.scenarios.map(({ id }) => id);
    const messages = lab.definition.value.messages.map(({ id }) => id);
    if (messages.length > 0) print(`  --message ${messages.join(', ')}`);
    if (scenarios.length > 0) print(`  --scenario ${scenarios.join(', ')}`);
    for (const exercise of lab.definition.value.exercises) {
      print(`  check ${exercise.id}\t${inLanguage(exercise.title, 'en')}`);
    }
  }
  return code;
}

/** The lab of that name; null: it is broken, and its problems have been told. Throws UsageError. */
async function labNamed(name: string): Promise<LabDefinition | null> {
  const labs = await allLabs();
  const found = labs.find((lab) => lab.id === name);
  if (found === undefined) {
    throw new UsageError(`there is no lab "${name}"; there are: ${labs.map((lab) => lab.id).join(', ')}`);
  }
  if (found.definition.ok) return found.definition.value;
  complain(problemLines(found.definition.error));
  return null;
}

async function check(request: CheckRequest): Promise<number> {
  const definition = await labNamed(request.lab);
  if (definition === null) return FAILED;
  const exercise = definition.exercises.find(({ id }) => id === request.exercise);
  if (exercise === undefined) {
    const ids = definition.exercises.map(({ id }) => id);
    throw new UsageError(noSuch(definition, 'exercise', request.exercise, ids));
  }
  const started = new ExerciseCheck({
    definition,
    exercise,
    file: await fileToCheck(definition, exercise, request.file),
    workers,
    ...(request.store === null ? {} : { store: request.store }),
    clock: systemClock(),
    seed: request.seed ?? freshSeed(),
  });
  const interrupted = (): void => void started.dispose();
  process.once('SIGINT', interrupted);
  try {
    const checked = await started.run();
    print(request.json ? JSON.stringify(verdictJson(definition, exercise, checked)) : verdictText(exercise, checked));
    return checked.verdict.solved ? OK : FAILED;
  } finally {
    process.removeListener('SIGINT', interrupted);
  }
}

/** Throws UsageError where the file named is of another kind than the exercise's. */
async function fileToCheck(
  definition: LabDefinition,
  { id, edits, start }: ExerciseDefinition,
  named: CheckRequest['file'],
): Promise<ConfSource> {
  if (named === null) return startOf(definition, start);
  if (named.kind === edits.kind) return named.read();
  const what = { conf: 'a configuration', message: 'a message' }[edits.kind];
  throw new UsageError(
    `exercise "${id}" of lab "${definition.id}" edits ${what}: name it with --${edits.kind}, not --${named.kind}`,
  );
}

async function startOf(definition: LabDefinition, file: string): Promise<ConfSource> {
  const text = await readLabFile(definition.folder, file);
  if (!text.ok) throw new ConfProblems(text.error);
  return { path: path.join(definition.folder, file), text: text.value };
}

async function run(request: RunRequest): Promise<number> {
  const definition = await labNamed(request.lab);
  if (definition === null) return FAILED;
  const arms = request.arms.length === 0 ? ownArms(definition) : request.arms.map((id) => armNamed(definition, id));
  checkChoices(definition, arms, request);
  const results: RunResult[] = [];
  let agreed = true;
  for (const arm of arms) {
    const { result, agree } = await runArm(definition, arm, request);
    results.push(result);
    agreed &&= agree;
    if (!request.json) print(resultTable(result, inLanguage(arm.title, 'en')));
  }
  if (request.json) print(JSON.stringify(results.length === 1 ? results[0] : results));
  return agreed ? OK : FAILED;
}

async function runArm(
  definition: LabDefinition,
  arm: ArmDefinition,
  request: RunRequest,
): Promise<{ readonly result: RunResult; readonly agree: boolean }> {
  const params: RunParams = {
    ...defaultsOf(definition, arm, request.scenario ?? definition.defaults.scenario),
    ...request.params,
    protocol: request.protocol,
    message: request.message ?? definition.defaults.message,
    seed: request.seed ?? freshSeed(),
  };
  const labRun = new LabRun({
    definition,
    arm,
    params,
    workers,
    clock: systemClock(),
    ...(request.conf === null ? {} : { conf: await request.conf() }),
    ...(request.store === null ? {} : { store: request.store }),
  });
  const interrupted = (): void => labRun.stop();
  process.once('SIGINT', interrupted);
  try {
    const { result, snapshot } = await labRun.run();
    for (const { declared, actual } of labRun.movedPorts)
      complain(`lab: ${declared} was taken, ${actual} serves instead`);
    if (!snapshot.reconciliation.agree) {
      complain(`lab: ${arm.id}: the counts do not agree: ${JSON.stringify(snapshot.reconciliation)}`);
    }
    return { result, agree: snapshot.reconciliation.agree };
  } finally {
    process.removeListener('SIGINT', interrupted);
  }
}

/** Every arm but those that only a browser can run, which are named on standard error. */
function ownArms(definition: LabDefinition): readonly ArmDefinition[] {
  const left = definition.arms.filter((arm) => pageClientOf(arm) !== null);
  if (left.length > 0) complain(`lab: left out, as only the course page in the editor can run them: ${idsOf(left)}`);
  return definition.arms.filter((arm) => !left.includes(arm));
}

function idsOf(arms: readonly ArmDefinition[]): string {
  return arms.map(({ id }) => id).join(', ');
}

function armNamed(definition: LabDefinition, id: string): ArmDefinition {
  const arm = definition.arms.find((candidate) => candidate.id === id);
  if (arm === undefined) {
    const names = definition.arms.map((candidate) => candidate.id).join(', ');
    throw new UsageError(`lab "${definition.id}" has no arm "${id}"; it has: ${names}`);
  }
  return arm;
}

/** Throws UsageError for a scenario or a protocol that the lab does not have. */
function checkChoices(definition: LabDefinition, arms: readonly ArmDefinition[], request: RunRequest): void {
  const { scenario, protocol, message } = request;
  const scenarios = definition.scenarios.map(({ id }) => id);
  if (scenario !== null && !scenarios.includes(scenario)) {
    throw new UsageError(noSuch(definition, 'scenario', scenario, scenarios));
  }
  const browsers = arms.filter((arm) => pageClientOf(arm) !== null);
  if (browsers.length > 0) {
    throw new UsageError(
      `only a browser can run ${idsOf(browsers)}: the course page in the editor is one, the command line is none`,
    );
  }
  for (const arm of arms) {
    const spoken = arm.client.startsWith('rest') ? 'rest' : 'grpc';
    if (protocol !== null && protocol !== spoken && arm.variants[protocol] === undefined) {
      throw new UsageError(`arm "${arm.id}" of lab "${definition.id}" does not run over ${protocol}`);
    }
  }
  const messages: readonly string[] = definition.messages.map(({ id }) => id);
  if (message === null) return;
  if (!messages.includes(message)) throw new UsageError(noSuch(definition, 'message', message, messages));
  if (request.arms.length === 0) return;
  for (const arm of arms.filter((candidate) => !sendsMessage(candidate))) {
    throw new UsageError(`arm "${arm.id}" of lab "${definition.id}" sends none of the lab's messages`);
  }
}

function noSuch(definition: LabDefinition, what: string, id: string, known: readonly string[]): string {
  const names = known.length === 0 ? `it has no ${what}s` : `it has: ${known.join(', ')}`;
  return `lab "${definition.id}" has no ${what} "${id}"; ${names}`;
}

async function allLabs(): Promise<readonly FoundLab[]> {
  const courses = await readdir(labsFolder, { withFileTypes: true });
  const folders = courses.filter((entry) => entry.isDirectory()).map((entry) => path.join(labsFolder, entry.name));
  return (await Promise.all(folders.map((folder) => findLabs(folder)))).flat();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

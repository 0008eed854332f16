import type { Snapshot } from '../../src/measurement/snapshot';
import type { LabArm, LabState, ReaderSetting, ToWebview } from '../../src/protocol/webview';
import { type Child, fill, h, setAttribute, setHidden, setText, uniqueId } from '../dom';
import { rememberOpen, send } from '../host';
import { problemList } from '../problems';
import { say, t } from '../strings';
import { button, plainButton, radioGroup, tag } from '../ui';
import { announcements, NOTHING_HEARD } from './announcements';
import { compareArms } from './compareArms';
import { distribution } from './distribution';
import { exercises } from './exercises';
import { hops } from './hops';
import { engineText, statusText } from './labStatus';
import { liveDiagram } from './liveDiagram';
import { liveTable } from './liveTable';
import { loadControls } from './loadControls';
import { browserSaid, messageCosts, streamedMessages } from './messageCosts';
import { messagePanel } from './messagePanel';
import type { Shares } from './predictionModel';
import { rateChart } from './rateChart';
import { keyFigures, outcomes, reconciliation, summarySentence } from './readings';
import { routeTable } from './routeTable';
import { runControls } from './runControls';
import { samples } from './samples';
import { sessionReading } from './sessionReading';
import { choicesOf, setUp } from './setUp';
import { shareSliders } from './shareSliders';
import { stageTable } from './stageTable';
import { timeline } from './timeline';
import { tlsTable } from './tlsTable';

/** One lab in the course: predict, run, compare, explain. Changes of state and snapshots come from outside. */
export interface LabPanel {
  readonly element: HTMLElement;
  update(lab: LabState, mayRun: boolean): void;
  snapshot(snapshot: Snapshot): void;
  refuse(refusal: Extract<ToWebview, { type: 'refused' }>): void;
}

/** `level` is the heading level of the lab's title; `suggestedArm` is the arm the text around it speaks of. */
export function labPanel(first: LabState, mayRun: boolean, level: number, suggestedArm: string | null): LabPanel {
  const { id } = first;
  let lab = first;
  let live: Snapshot | null = null;
  let newRun = true;
  let clickedAt: number | null = null;
  /** The arm that the host has been told of and has not confirmed; null: none. */
  let choosing: string | null = null;
  let heard = NOTHING_HEARD;

  const titleId = uniqueId('lab-title');
  const goal = h('p', { class: 'lab-goal' });
  const engine = h('span', { class: 'engine' });
  const problems = h('div', { class: 'lab-problems' });
  const confNote = h('div', { class: 'notice conf-notice', role: 'status' });
  const moved = h('div', { class: 'notice' });
  const refusal = h('div', { class: 'refusal', role: 'alert' });
  const status = h('p', { class: 'status' });
  const spoken = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  const armNote = h('div', { class: 'field-error', role: 'alert' });

  const chooseArm = (chosen: string) => {
    // Shown at once; the host's answer confirms it.
    if (chosen !== lab.selectedArm) choosing = chosen;
    lab = { ...lab, selectedArm: chosen };
    live = null;
    newRun = true;
    send({ type: 'selectArm', lab: id, arm: chosen });
    paintAll();
  };
  const arms = radioGroup(
    t('How the requests travel'),
    first.arms.map((arm) => ({ id: arm.id, content: arm.title })),
    (arm) => chooseArm(arm),
    { class: 'arms' },
  );
  const suggested = first.arms.find((candidate) => candidate.id === suggestedArm);
  const suggestion = plainButton({ class: 'link suggested', 'data-action': 'suggested-arm' }, () => {
    if (suggested !== undefined) chooseArm(suggested.id);
  });
  const openConf = button(
    t('Open configuration'),
    () => send({ type: 'openConfiguration', lab: id, arm: lab.selectedArm }),
    {
      data: { lab: id, action: 'open-configuration' },
    },
  );
  const sliders = shareSliders(t('Your prediction of the split'), {
    onCommit: (shares) => send({ type: 'predict', lab: id, arm: lab.selectedArm, shares: { ...shares } }),
    onInput: (shares) => {
      if (!lab.running && shownSnapshot() === null) bars.show(arm().reachedIds, null, shares, null);
    },
  });
  const controls = runControls(id, {
    run(params) {
      clickedAt = performance.now();
      clearRefusal();
      send({ type: 'run', lab: id, arm: lab.selectedArm, params });
    },
    stop: () => send({ type: 'stop', lab: id }),
    reset: () => {
      clearRefusal();
      send({ type: 'reset', lab: id });
    },
    addServer: () => send({ type: 'addServer', lab: id }),
  });
  const choices = setUp(first, (choice) => {
    clearRefusal();
    send({ type: 'setUp', lab: id, ...choice });
  });
  const load = loadControls(id, {
    setRate: (rate) => send({ type: 'setRate', lab: id, rate }),
    setPopulation: (population) => send({ type: 'setPopulation', lab: id, population }),
  });
  /** Which run the numbers are of, where the next one is to be another. */
  const shownRun = h('p', { class: 'hint shown-run' });
  const diagram = liveDiagram(t('Network with live numbers'));
  const table = liveTable(id, {
    kill: (server) => send({ type: 'killServer', lab: id, server }),
    revive: (server) => send({ type: 'reviveServer', lab: id, server }),
    setFault: (server, fault) => send({ type: 'setFault', lab: id, server, ...fault }),
    setDrained: (server, drained) => send({ type: 'setDrained', lab: id, server, drained }),
  });
  const bars = distribution();
  const chart = rateChart();
  const figures = keyFigures();
  const streams = streamedMessages();
  const browser = browserSaid();
  const stages = stageTable();
  const routes = routeTable();
  const tls = tlsTable();
  const sessions = sessionReading(id, {
    kill: () => send({ type: 'killStore', lab: id }),
    revive: () => send({ type: 'reviveStore', lab: id }),
  });
  const hopByHop = hops();
  const readings = [
    figures,
    reconciliation(),
    summarySentence(),
    outcomes(),
    timeline(),
    stages,
    routes,
    tls,
    sessions,
    hopByHop,
    streams,
    browser,
  ] as const;
  const [, agreement, sentence, oddAnswers, events] = readings;
  const sentMessage = messagePanel(id);
  const costs = messageCosts();
  const requests = samples(id);
  const compare = compareArms();
  const fixes = exercises(first, level + 2);

  const step = (number: number, key: string, title: string, ...children: Child[]) => {
    const headingId = uniqueId('step');
    return h(
      'section',
      // Landmarks are told apart by the lab they belong to.
      { class: `step step-${key}`, 'aria-labelledby': `${headingId} ${titleId}` },
      heading(
        level + 1,
        { id: headingId, class: 'step-title' },
        h('span', { class: 'step-number', 'aria-hidden': 'true' }, String(number)),
        title,
      ),
      ...children,
    );
  };
  // A gateway may let nobody in: what is split is what gets through.
  const isGateway = first.arms.some(({ topology }) => topology.nodes.some(({ kind }) => kind === 'stage'));
  const question = isGateway
    ? t('Of the requests that get in, which share will reach each service?')
    : t('Which share of the requests will reach each server?');
  const history = h('details', { class: 'fold' }, h('summary', {}, t('Timeline of events')), events.element);
  rememberOpen(history, `lab:${id}:timeline`, true);

  const body = h(
    'div',
    { class: 'lab-body' },
    h(
      'div',
      { class: 'arm-picker' },
      h('p', { class: 'small-title' }, t('How the requests travel')),
      arms.element,
      suggestion,
      armNote,
    ),
    sentMessage.element,
    step(1, 'predict', t('Predict'), h('p', { class: 'step-lead' }, question), sliders.element),
    step(
      2,
      'run',
      t('Run'),
      choices.element,
      controls.element,
      load.element,
      refusal,
      confNote,
      moved,
      status,
      shownRun,
      spoken,
      h('div', { class: 'picture' }, diagram.element, table.element, stages.element),
      figures.element,
      sessions.element,
    ),
    step(
      3,
      'compare',
      t('Compare'),
      sentence.element,
      agreement.element,
      h(
        'div',
        { class: 'charts' },
        h('div', {}, h('p', { class: 'small-title' }, t('Share of the requests')), bars.element),
        h('div', {}, h('p', { class: 'small-title' }, t('Answered per second')), chart.element),
      ),
      hopByHop.element,
      oddAnswers.element,
      routes.element,
      tls.element,
      streams.element,
      browser.element,
      costs.element,
      h('p', { class: 'small-title' }, t('All arms so far')),
      compare.element,
    ),
    step(
      4,
      'explain',
      t('Explain'),
      h('p', { class: 'step-lead' }, t('Choose a request: why did it reach this backend?')),
      requests.element,
      history,
    ),
    first.exercises.length === 0
      ? null
      : step(
          5,
          'fix',
          t('Fix'),
          h(
            'p',
            { class: 'step-lead' },
            t('Change the file, then let traffic check it. Your copy is yours: it can be undone and started over.'),
          ),
          fixes.element,
        ),
  );
  const element = h(
    'section',
    { class: 'lab', id: `lab-${id}`, 'data-lab': id, 'aria-labelledby': titleId },
    h(
      'header',
      { class: 'lab-head' },
      h(
        'div',
        {},
        h('div', { class: 'eyebrow' }, tag(t('Lab')), engine),
        heading(level, { id: titleId, class: 'lab-title' }, first.title),
        goal,
      ),
      openConf.element,
    ),
    problems,
    body,
  );

  const arm = (): LabArm => lab.arms.find((candidate) => candidate.id === lab.selectedArm) ?? (lab.arms[0] as LabArm);
  const shownSnapshot = () => live ?? (lab.running ? null : (lab.results[lab.selectedArm]?.snapshot ?? null));
  const shownPrediction = (): { readonly shares: Shares | null; readonly score: number | null } => {
    const kept = lab.results[lab.selectedArm];
    if (lab.running || kept === undefined) return { shares: lab.predictions[lab.selectedArm] ?? null, score: null };
    return { shares: kept.prediction, score: kept.predictionScore };
  };
  const clearRefusal = () => {
    fill(refusal);
    fill(armNote);
  };

  const announce = (snapshot: Snapshot) => {
    const news = announcements(heard, snapshot);
    heard = news.heard;
    if (news.say.length > 0) setText(spoken, news.say.map(say).join(' '));
  };

  const paintNumbers = () => {
    const snapshot = shownSnapshot();
    const { serverIds, reachedIds, topology, title } = arm();
    const prediction = shownPrediction();
    diagram.show(topology, title, snapshot);
    table.show(serverIds, snapshot, lab.running);
    for (const reading of readings) reading.show(snapshot);
    bars.show(reachedIds, snapshot, prediction.shares, prediction.score);
    chart.show(snapshot, lab.running);
    load.show(lab, snapshot);
    requests.show(snapshot, newRun);
    newRun = false;
    setText(status, statusText(lab, snapshot, mayRun));
    setAttribute(
      element,
      'data-phase',
      lab.running ? (snapshot?.phase ?? lab.phase ?? 'starting') : (snapshot?.phase ?? 'idle'),
    );
  };
  const paintAll = () => {
    const selected = arm();
    setText(goal, lab.goal);
    setText(engine, t('Balancer: {engine} · real sockets on 127.0.0.1', { engine: engineText(lab.engine) }));
    arms.select(lab.selectedArm);
    arms.setDisabled(lab.running);
    setHidden(suggestion, suggested === undefined || suggested.id === lab.selectedArm || lab.running);
    setText(suggestion, suggested === undefined ? '' : t('The text here is about: {arm}', { arm: suggested.title }));
    openConf.setText(
      selected.conf === null ? t('Open configuration') : t('Open configuration ({file})', { file: selected.conf }),
    );
    openConf.setDisabled(selected.conf === null);
    sliders.show(selected.reachedIds, lab.predictions[lab.selectedArm] ?? null);
    const isChecking = lab.exercises.some(({ checking }) => checking !== null);
    controls.show({
      params: lab.params,
      running: lab.running,
      isChoosing: choosing !== null,
      isChecking,
      mayRun,
      canAdd: lab.canAdd,
      hasAll: lab.phase === 'running' && !lab.canAdd,
    });
    fixes.show(lab, mayRun);
    compare.show(lab);
    choices.show(lab);
    const last = lab.results[lab.selectedArm]?.result;
    const was = last === undefined ? '' : choicesOf(last, lab);
    const isOther = !lab.running && was !== '' && was !== choicesOf(nextRun(lab), lab);
    setHidden(shownRun, !isOther);
    setText(shownRun, isOther ? t('What you see is the last run: {run}.', { run: was }) : '');
    sentMessage.show(lab);
    costs.show(lab);
    setHidden(moved, lab.movedPorts.length === 0);
    fill(
      moved,
      lab.movedPorts.map(({ declared, actual }) =>
        h(
          'p',
          {},
          t('{declared} was taken, so {actual} is used. Policies still see {declared}.', { declared, actual }),
        ),
      ),
    );
    setHidden(problems, lab.problems.length === 0);
    fill(problems, problemList(lab.problems));
    const notice = lab.confNotice ?? null;
    setHidden(confNote, notice === null);
    const said = notice === null ? '' : JSON.stringify([notice.text, notice.problems]);
    // Said once: a status that is filled again is read out again.
    if (confNote.dataset.said !== said) {
      confNote.dataset.said = said;
      fill(confNote, notice === null ? null : h('p', {}, say(notice.text)), problemList(notice?.problems ?? []));
    }
    paintNumbers();
  };

  paintAll();
  const inView = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) send({ type: 'labInView', lab: id });
  });
  inView.observe(element);
  return {
    element,
    update(next, may) {
      if (next.running && !lab.running) {
        live = null;
        newRun = true;
        heard = NOTHING_HEARD;
        clearRefusal();
      }
      if (next.selectedArm !== lab.selectedArm || Object.keys(next.results).length < Object.keys(lab.results).length) {
        live = null;
        newRun = true;
      }
      const last = next.results[next.selectedArm]?.snapshot;
      if (lab.running && !next.running && last !== undefined) announce(last);
      // The finished run's last snapshot is in its result; the live one has served.
      if (!next.running && next.results[next.selectedArm] !== undefined) live = null;
      lab = next;
      mayRun = may;
      if (next.selectedArm === choosing) choosing = null;
      paintAll();
    },
    snapshot(next) {
      live = next;
      announce(next);
      paintNumbers();
      if (clickedAt !== null && next.client.answered > 0) markFirstLiveNumber(clickedAt);
      if (next.client.answered > 0) clickedAt = null;
    },
    refuse({ field, message, problems: found, setting }) {
      const change = setting === null ? null : settingButton(setting);
      if (field === 'arm') {
        choosing = null;
        setText(armNote, say(message));
        return;
      }
      if (field === 'exercise') {
        fixes.refuse(message, change);
        return;
      }
      if (controls.refuse(field, message)) return;
      fill(refusal, h('p', {}, say(message)), found.length > 0 ? problemList(found) : null, change);
    },
  };
}

function settingButton(setting: ReaderSetting): HTMLElement {
  const open = () => send({ type: 'openSetting', setting });
  return button(t('Open setting {setting}', { setting }), open, { data: { action: 'open-setting' } }).element;
}

/** What the next run will say of itself. */
function nextRun({ params: { scenario, protocol, message } }: LabState): Parameters<typeof choicesOf>[0] {
  return {
    ...(scenario === null ? {} : { scenario }),
    ...(protocol === null ? {} : { protocol }),
    ...(message === null ? {} : { message }),
  };
}

function heading(level: number, attributes: Record<string, unknown>, ...children: Child[]): HTMLElement {
  return h(`h${Math.min(6, level)}`, attributes, ...children);
}

/** From the click on Run to the paint of the first number that a real answer made. */
function markFirstLiveNumber(clickedAt: number): void {
  requestAnimationFrame(() => {
    send({ type: 'mark', name: 'first-live-number', atMs: performance.now() - clickedAt });
  });
}

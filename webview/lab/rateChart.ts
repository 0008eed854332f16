import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Snapshot } from '../../src/measurement/snapshot';
import { h, setHidden, setText } from '../dom';
import { count, t } from '../strings';
import { rateSeries } from './requestRate';
import { timelineEntries } from './timelineModel';

/** Requests per second over time, drawn on a canvas, with the same in words below it. */
export interface RateChart {
  readonly element: HTMLElement;
  show(snapshot: Snapshot | null, running: boolean): void;
}

const HEIGHT = 120;
/** Numbers of moments that are close stand above each other, so many high. */
const LEVELS = 4;

export function rateChart(): RateChart {
  const canvas = h('div', { class: 'rate-canvas', 'aria-hidden': 'true' });
  const words = h('p', { class: 'hint' });
  const key = h('p', { class: 'hint' }, t('The numbered lines are the events of the timeline.'));
  const element = h('div', { class: 'rate-chart' }, canvas, words, key);
  let marks: readonly Mark[] = [];
  let plot: uPlot | null = null;
  let tick = 0;
  let data: uPlot.AlignedData = [[], []];

  const draw = () => {
    const width = canvas.clientWidth;
    if (width === 0) return;
    if (plot === null)
      plot = new uPlot(
        options(canvas, width, () => marks),
        data,
        canvas,
      );
    else if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
  };
  const redraw = () => {
    plot?.destroy();
    plot = null;
    draw();
  };
  new ResizeObserver(draw).observe(canvas);
  // Canvas colours are not CSS: a new theme means a new drawing. VS Code changes the body's class.
  new MutationObserver(redraw).observe(document.body, { attributes: true, attributeFilter: ['class'] });

  return {
    element,
    show(snapshot, running) {
      // A canvas is the dearest part of a tick, and a point spans at least two slots anyway.
      tick += 1;
      if (running && tick % 2 === 0) return;
      const series = rateSeries(snapshot?.answeredPerSlot ?? [], running);
      data = [[...series.seconds], [...series.perSecond]];
      marks = snapshot === null ? [] : marksOf(snapshot);
      setHidden(key, marks.length === 0);
      draw();
      plot?.setData(data);
      setText(
        words,
        series.seconds.length === 0
          ? t('Answered requests per second appear here during a run.')
          : t('Answered per second: {mean} on average, {peak} at the peak.', {
              mean: count(Math.round(series.mean)),
              peak: count(Math.round(series.peak)),
            }),
      );
    },
  };
}

/** The moment of something that was done, in seconds, and its number on the time line. */
interface Mark {
  readonly second: number;
  readonly number: number;
}

function marksOf(snapshot: Snapshot): readonly Mark[] {
  return timelineEntries(snapshot).flatMap(({ event, number }) =>
    number === null ? [] : [{ second: event.atMs / 1000, number }],
  );
}

function options(canvas: HTMLElement, width: number, marks: () => readonly Mark[]): uPlot.Options {
  const style = getComputedStyle(canvas);
  const colour = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  const line = colour('--measured', '#3794ff');
  const muted = colour('--muted', '#888');
  const grid = { stroke: colour('--grid', '#8884'), width: 1 };
  const ink = colour('--page-foreground', '#888');
  const ground = colour('--page-background', '#fff');
  const font = `11px ${style.fontFamily}`;
  const axis = { stroke: muted, grid, ticks: { show: false }, font };
  return {
    width,
    height: HEIGHT,
    cursor: { show: false },
    legend: { show: false },
    hooks: { draw: [(plot) => drawMarks(plot, marks(), { line: ink, ground, font: style.fontFamily })] },
    padding: [8, 8, 0, 0],
    scales: { x: { time: false }, y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, size: 24, values: (_, ticks) => ticks.map((tick) => `${tick} s`) },
      { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => count(tick)) },
    ],
    series: [
      {},
      { stroke: line, width: 2, fill: `color-mix(in srgb, ${line} 18%, transparent)`, points: { show: false } },
    ],
  };
}

/** A dashed line at each moment, with its number in a circle at the foot; one above the other where moments are close. */
function drawMarks(
  plot: uPlot,
  marks: readonly Mark[],
  look: { readonly line: string; readonly ground: string; readonly font: string },
): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  const radius = 7 * scale;
  ctx.save();
  ctx.font = `600 ${10 * scale}px ${look.font}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.lineWidth = scale;
  let previous = Number.NEGATIVE_INFINITY;
  let level = 0;
  for (const { second, number } of marks) {
    const x = plot.valToPos(second, 'x', true);
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    level = x - previous < 2.2 * radius ? (level + 1) % LEVELS : 0;
    previous = x;
    const foot = bbox.top + bbox.height - radius - scale - level * 2.2 * radius;
    ctx.strokeStyle = look.line;
    ctx.setLineDash([3 * scale, 3 * scale]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, foot - radius);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.fillStyle = look.ground;
    ctx.beginPath();
    ctx.arc(x, foot, radius, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
    ctx.fillStyle = look.line;
    ctx.fillText(String(number), x, foot + scale / 2);
  }
  ctx.restore();
}

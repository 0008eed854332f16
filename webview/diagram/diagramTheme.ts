/**
 * Colours of every diagram, as rules on the theme's own variables so that they follow a change of theme without a new
 * render. mermaid's theme variables cannot hold `var(…)`; rules with `!important` win over what it writes.
 */
export const DIAGRAM_CSS = `
  .node rect, .node path, .node polygon, .node circle { fill: var(--node-fill) !important; stroke: var(--node-border) !important; stroke-width: 1.2px !important; }
  .node rect { rx: 6px; ry: 6px; }
  .node .nodeLabel, .node .label, .node text { color: var(--page-foreground) !important; fill: var(--page-foreground) !important; }
  .nodeLabel, .nodeLabel p, .edgeLabel, .edgeLabel p, .cluster-label p { word-break: keep-all; overflow-wrap: normal; line-height: 1.45; margin: 0; }
  .edgeLabel, .edgeLabel p, .labelBkg { background-color: var(--surface) !important; color: var(--page-foreground) !important; }
  .edgeLabel rect { fill: var(--surface) !important; opacity: 1 !important; }
  .nodeLabel span, .edgeLabel span { color: var(--page-foreground) !important; }
  .nodeLabel .node-detail, .edgeLabel .edge-connections { color: var(--muted) !important; }
  [data-state="dead"] .nodeLabel .node-state, .edgeLabel[data-health="down"] .edge-connections { color: var(--bad) !important; }
  .flowchart-link, .edgePath path { stroke: var(--edge) !important; }
  path[data-health="open"] { stroke: var(--measured) !important; }
  path[data-health="closed"] { stroke: color-mix(in srgb, var(--measured) 62%, var(--surface)) !important; }
  path[data-health="idle"] { stroke-dasharray: 2 4 !important; }
  path[data-health="down"] { stroke: var(--bad) !important; stroke-dasharray: 3 5 !important; }
  .node[data-state="dead"] rect { stroke: var(--bad) !important; stroke-dasharray: 4 4 !important; stroke-width: 2px !important; }
  .marker, .marker path, .arrowheadPath { fill: var(--edge) !important; stroke: var(--edge) !important; }
  .cluster rect { fill: var(--cluster-fill) !important; stroke: var(--node-border) !important; stroke-dasharray: 4 3; rx: 8px; ry: 8px; }
  .cluster-label, .cluster-label span, .cluster-label p, .cluster text { color: var(--muted) !important; fill: var(--muted) !important; }
  .actor { fill: var(--node-fill) !important; stroke: var(--node-border) !important; }
  text.actor, text.actor tspan, .actor tspan, .messageText, .loopText, .loopText tspan, .labelText, .labelText tspan, .noteText, .noteText tspan, .sequenceNumber { fill: var(--page-foreground) !important; stroke: none !important; }
  .actor-line, .messageLine0, .messageLine1, .loopLine { stroke: var(--edge) !important; }
  .labelBox { fill: var(--cluster-fill) !important; stroke: var(--node-border) !important; }
  .note { fill: var(--note-fill) !important; stroke: var(--node-border) !important; }
  .activation0, .activation1, .activation2 { fill: var(--cluster-fill) !important; stroke: var(--node-border) !important; }
  [id$="-arrowhead"] path, [id$="-crosshead"] path, [id$="-filled-head"] path { fill: var(--edge) !important; stroke: var(--edge) !important; }
`;

/** The stylesheet's colours, for drawing on a canvas: it knows no custom properties. */
export interface ChartTheme {
  readonly text: string;
  readonly grid: string;
  readonly accent: string;
  readonly good: string;
  readonly warn: string;
  readonly bad: string;
  readonly idle: string;
  readonly p50: string;
  readonly p90: string;
  readonly p99: string;
  readonly font: string;
}

/** Reads the colours as they are now, light or dark. */
export function chartTheme(element: Element): ChartTheme {
  const style = getComputedStyle(element);
  const color = (name: string): string => resolved(element, style.getPropertyValue(`--${name}`).trim());
  return {
    text: color("muted"),
    grid: color("grid"),
    accent: color("accent"),
    good: color("good"),
    warn: color("warn"),
    bad: color("bad"),
    idle: color("idle"),
    p50: color("p50"),
    p90: color("p90"),
    p99: color("p99"),
    font: `11px ${style.fontFamily}`,
  };
}

/** A canvas does not understand light-dark(): the browser works it out on an element's own colour. */
function resolved(parent: Element, value: string): string {
  const probe = document.createElement("span");
  probe.style.color = value;
  parent.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
